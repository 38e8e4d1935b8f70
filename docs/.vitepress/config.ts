import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const DOCS = join(import.meta.dirname, '..');

/** Each decision with the title in its first line. */
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
 * The site is built from the files that readers of the repository see, README and CONTRIBUTING among them, so that links
 * between them work in both places. A dead link fails the build.
 */
export default defineConfig({
  title: 'Tidings',
  description: 'Self-hosted webhooks and a live event stream for any platform',
  lang: 'en-GB',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '**/dist/**', '**/.*/**', '.github/**'],
  rewrites: { 'docs/index.md': 'index.md', 'docs/decisions/README.md': 'docs/decisions/index.md' },
  cleanUrls: true,
  // Files that are no pages: only readers of the repository can open them.
  ignoreDeadLinks: [/(^|\/)LICENSE$/],
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    nav: [
      { text: 'Getting started', link: '/docs/getting-started' },
      { text: 'Receiving', link: '/docs/receiving' },
      { text: 'The stream', link: '/docs/stream' },
      { text: 'Event types', link: '/docs/event-types' },
      { text: 'Deploying', link: '/docs/deploying' },
      { text: 'Runbook', link: '/docs/runbook' },
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
          { text: 'Event types of your own', link: '/docs/event-types' },
          { text: 'The HTTP API', link: '/docs/api' },
          { text: 'The dashboard', link: '/docs/dashboard' },
          { text: 'The command line', link: '/docs/cli' },
          { text: 'The client package', link: '/packages/client/README' },
          { text: 'The events package', link: '/packages/events/README' },
        ],
      },
      {
        text: 'Run',
        items: [
          { text: 'Deploying', link: '/docs/deploying' },
          { text: 'A bare server', link: '/docs/bare-server' },
          { text: 'Configuration', link: '/docs/configuration' },
          { text: 'Identity', link: '/docs/identity' },
          { text: 'Monitoring', link: '/docs/monitoring' },
          { text: 'Runbook', link: '/docs/runbook' },
          { text: 'Troubleshooting', link: '/docs/troubleshooting' },
          { text: 'Compatibility', link: '/docs/compatibility' },
          { text: 'Upgrading', link: '/docs/upgrading' },
          { text: 'Scaling', link: '/docs/scaling' },
          { text: 'Security', link: '/docs/security' },
          { text: 'Performance', link: '/docs/performance' },
          { text: 'Reliability', link: '/docs/reliability' },
        ],
      },
      { text: 'Change', items: [{ text: 'Contributing', link: '/CONTRIBUTING' }] },
      { text: 'Decisions', collapsed: true, link: '/docs/decisions/', items: decisions },
    ],
  },
});
