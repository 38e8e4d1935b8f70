import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const DOCS = join(import.meta.dirname, '..');

/** Each decision, by the title that it begins with. */
const decisions = readdirSync(join(DOCS, 'decisions'))
  .filter((file) => /^\d{4}-.*\.md$/.test(file))
  .sort()
  .map((file) => ({
    text:
      readFileSync(join(DOCS, 'decisions', file), 'utf8')
        .split('\n', 1)[0]
        ?.replace(/^# /, '') ?? file,
    link: `/docs/decisions/${file.replace(/\.md$/, '')}`,
  }));

/**
 * The site is of the same files that are read in the repository, README and CONTRIBUTING among them, so that links between
 * them hold in both. Links that lead nowhere fail the build.
 */
export default defineConfig({
  title: 'Tidings',
  description: 'Self-hosted webhooks and a live event stream for any platform',
  lang: 'en-GB',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '**/dist/**', '**/.*/**', '.github/**'],
  rewrites: { 'docs/index.md': 'index.md', 'docs/decisions/README.md': 'docs/decisions/index.md' },
  cleanUrls: true,
  // Files that are no pages: they are there for those who read in the repository.
  ignoreDeadLinks: [/(^|\/)LICENSE$/],
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'Receiving', link: '/docs/receiving' },
      { text: 'The stream', link: '/docs/stream' },
      { text: 'Operating', link: '/docs/operating' },
    ],
    sidebar: [
      {
        text: 'Begin',
        items: [
          { text: 'What it is', link: '/README' },
          { text: 'Getting started', link: '/docs/getting-started' },
          { text: 'Concepts', link: '/docs/concepts' },
          { text: 'Comparison', link: '/docs/comparison' },
        ],
      },
      {
        text: 'Use',
        items: [
          { text: 'Receiving webhooks', link: '/docs/receiving' },
          { text: 'The live stream', link: '/docs/stream' },
          { text: 'Publishing events', link: '/docs/publishing' },
          { text: 'The dashboard', link: '/docs/dashboard' },
          { text: 'The command line', link: '/docs/cli' },
          { text: 'The client package', link: '/packages/client/README' },
        ],
      },
      {
        text: 'Run',
        items: [
          { text: 'Operating', link: '/docs/operating' },
          { text: 'Upgrading', link: '/docs/upgrading' },
          { text: 'Troubleshooting', link: '/docs/troubleshooting' },
          { text: 'Scaling', link: '/docs/scaling' },
          { text: 'Security', link: '/docs/security' },
          { text: 'Performance', link: '/docs/performance' },
          { text: 'Reliability', link: '/docs/reliability' },
        ],
      },
      { text: 'Change', items: [{ text: 'Contributing', link: '/CONTRIBUTING' }] },
      { text: 'Decisions', collapsed: true, items: decisions },
    ],
  },
});
