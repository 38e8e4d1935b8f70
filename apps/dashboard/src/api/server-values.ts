/** Reads a value that the API wrote into a `meta` element of the page. A page that Vite serves still has the placeholder. */
export function readServerValue(name: 'nonce' | 'base'): string | undefined {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="tidings-${name}"]`)?.content;
  return content === undefined || content === '' || content.startsWith('TIDINGS_') ? undefined : content;
}

/** The path below which the API serves this page, such as `/tidings`; empty: none. */
export function basePath(): string {
  return readServerValue('base') ?? '';
}

/** The URL of the API that served this page. */
export function apiUrl(): string {
  return window.location.origin + basePath();
}
