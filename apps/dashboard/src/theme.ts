import { Alert, createTheme, type CSSVariablesResolver } from '@mantine/core';

/** The Mantine theme. All text colours have the contrast that WCAG 2.2 AA demands (4.5 : 1). */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  components: { Alert: Alert.extend({ defaultProps: { className: 'alert' } }) },
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } } },
});

/** Overrides colours of Mantine that have too little contrast, such as its grey for secondary text. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5c636a',
    '--mantine-color-placeholder': '#6b7280',
    '--mantine-color-error': '#c92a2a',
    // Text of badges and alerts on their tinted backgrounds.
    '--mantine-color-green-light-color': '#1b6e2d',
    '--mantine-color-orange-light-color': '#9c3606',
    '--mantine-color-red-light-color': '#a61e1e',
    '--mantine-color-blue-light-color': '#1450a3',
    '--tidings-good': '#2b8a3e',
    '--tidings-bad': '#c92a2a',
    '--tidings-neutral': '#dee2e6',
    '--tidings-canvas': '#f6f7f9',
  },
  dark: {
    '--mantine-color-dimmed': '#a9b1ba',
    '--mantine-color-placeholder': '#9aa2ab',
    '--mantine-color-error': '#ff8787',
    '--tidings-good': '#51cf66',
    '--tidings-bad': '#ff8787',
    '--tidings-neutral': '#3b3f45',
    '--tidings-canvas': '#16181b',
  },
});
