// npm run screenshots: takes the pictures in docs/images anew, of a Tidings that it starts, fills and stops again.
import { createServer } from 'node:http';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, prepareProgramsForTests, prepareRedis, ROOT } from './prepare.mjs';

prepareRedis();
prepareProgramsForTests();
prepare();

const { chromium } = await import('playwright-core');
const { startPostgres, startRedis, startTidings, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate } = await import('../packages/database/dist/index.js');

const IMAGES = join(ROOT, 'docs/images');
const PORT = 4100;
const BROWSER = process.env.CHROMIUM || '/usr/bin/chromium';
/** How long the figures of the charts gather. */
const GATHER_MS = 90_000;

/** An endpoint that takes its time, as endpoints do; `/staging` is broken, and `/old` is away. */
const receiver = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    const broken = request.url === '/staging' || (request.url === '/mobile' && Math.random() < 0.04);
    setTimeout(
      () => response.writeHead(broken ? 503 : 200).end(broken ? '{"error":"The database is away."}' : '{"ok":true}'),
      20 + 120 * Math.random() ** 3,
    );
  });
}).listen(PORT, '127.0.0.1');

const { folder, remove } = temporaryFolder();
const postgres = await startPostgres({ folder: join(folder, 'postgres') });
const redis = await startRedis({ folder: join(folder, 'redis') });
await migrate(postgres.url);
const tidings = await startTidings({
  databaseUrl: postgres.url,
  redisUrl: redis.url,
  env: { DELIVERY_INITIAL_DELAY_MS: '2000', CIRCUIT_PROBE_MS: '60000' },
});
const browser = await chromium.launch({
  executablePath: BROWSER,
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
  const alice = tidings.token('alice', 'events:publish admin');
  const call = async (token, method, path, body) => {
    const response = await fetch(`${tidings.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const register = (token, path, description, event_types) =>
    call(token, 'POST', '/api/webhooks', { url: `http://127.0.0.1:${PORT}${path}`, description, event_types });
  await call(alice, 'POST', '/api/webhooks', {
    url: 'http://127.0.0.1:9/old-importer',
    description: 'The importer of last year',
    event_types: ['extraction.*'],
  });
  await register(alice, '/shop', 'Tells the shop what is new', ['sync.completed', 'gaps.updated']);
  const staging = await register(alice, '/staging', 'Staging, mended on Mondays', ['sync.*']);
  await register(alice, '/mobile', 'Push messages of the mobile app', ['*']);
  for (const user of ['bob', 'carol']) await register(tidings.token(user), '/mobile', 'Mine', ['*']);

  const until = Date.now() + GATHER_MS;
  for (let round = 0; Date.now() < until; round += 1) {
    const user_id = ['alice', 'alice', 'bob', 'carol'][round % 4];
    const events = [
      { type: 'sync.completed', data: { user_id, items_synced: 800 + ((round * 37) % 900), errors: 0, duration_s: 42.5 } },
      { type: 'gaps.updated', data: { user_id, entity_type: 'artist', entity_id: String(4000 + round) } },
    ];
    if (round % 9 === 0) events.push({ type: 'sync.failed', data: { user_id, error_message: 'The provider is away.' } });
    if (round % 30 === 0) events.push({ type: 'extraction.started', data: { version: '2026-11', entity_types: ['artists'] } });
    await call(alice, 'POST', '/api/events', { events });
    await new Promise((resolve) => setTimeout(resolve, 150 + 250 * Math.abs(Math.sin(round / 25))));
  }

  mkdirSync(IMAGES, { recursive: true });
  const take = async (name, path, { scheme = 'light', ready, height = 760 }) => {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1180, height }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${tidings.url}${path}#token=${alice}`);
    await ready(page);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await context.close();
    console.log(`docs/images/${name}.png`);
  };
  const shows = (text) => (page) => page.getByText(text).first().waitFor();
  await take('webhooks', '/', { ready: (page) => page.locator('.spark').nth(3).waitFor() });
  await take('webhook', `/webhooks/${staging.id}`, { scheme: 'dark', ready: shows('sync.completed') });
  await take('stream', '/stream', {
    scheme: 'dark',
    ready: async (page) => {
      await shows('Live')(page);
      for (let round = 0; round < 12; round += 1) {
        await call(alice, 'POST', '/api/events', {
          type: round % 5 === 3 ? 'gaps.updated' : 'sync.completed',
          data:
            round % 5 === 3
              ? { user_id: 'alice', entity_type: 'artist', entity_id: String(round) }
              : { user_id: 'alice', items_synced: 1204 + round, errors: 0, duration_s: 42.5 },
        });
      }
      await page.locator('[data-event-id]').nth(11).waitFor();
      await page.locator('[data-event-id] button').nth(2).click();
    },
  });
  await take('operator', '/operator', { height: 900, ready: (page) => page.locator('.recharts-surface').nth(2).waitFor() });
} finally {
  await browser.close();
  await tidings.stop();
  await redis.stop();
  await postgres.stop();
  receiver.close();
  remove();
}
