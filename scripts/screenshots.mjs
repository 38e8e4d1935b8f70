// npm run screenshots: starts a Tidings, publishes events, takes the pictures in docs/images, and stops it. With
// "-- --dialogs FOLDER" it also takes pictures of the dialogs, for a look at a change of the dashboard; they are not part of the docs.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, prepareProgramsForTests, prepareRedis, ROOT } from './prepare.mjs';

prepareRedis();
prepareProgramsForTests();
prepare();

const { chromium } = await import('playwright-core');
const { startPostgres, startRedis, startTidings, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate, openDatabase } = await import('../packages/database/dist/index.js');

const IMAGES = join(ROOT, 'docs/images');
const BROWSER = process.env.CHROMIUM || '/usr/bin/chromium';
/** How long events are published, so that the charts have data. */
const PUBLISH_MS = 90_000;
/** How long a page may take to show what a picture is of: a busy machine needs much of it. */
const SHOWN_MS = 180_000;
const dialogsFolder = process.argv[2] === '--dialogs' ? process.argv[3] : undefined;

/** A receiver that answers after 20 to 140 ms. `/staging` always fails, and `/mobile` in 4 % of the requests. */
const receiver = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    const broken = request.url === '/staging' || (request.url === '/mobile' && Math.random() < 0.04);
    setTimeout(
      () => response.writeHead(broken ? 503 : 200).end(broken ? '{"error":"The database is not available."}' : '{"ok":true}'),
      20 + 120 * Math.random() ** 3,
    );
  });
});
/** The port that the pictures show, or any other one where it is taken. */
const PORT = await listen(4100).catch(() => listen(0));

async function listen(port) {
  receiver.listen(port, '127.0.0.1');
  await once(receiver, 'listening');
  return receiver.address().port;
}

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
    url: 'http://127.0.0.1:4199/old-importer',
    description: 'The old importer',
    event_types: ['extraction.*'],
  });
  await register(alice, '/shop', 'Notifies the shop about updates', ['sync.completed', 'gaps.updated']);
  const staging = await register(alice, '/staging', 'Staging, repaired on Mondays', ['sync.failed', 'extraction.*']);
  await register(alice, '/mobile', 'Push messages of the mobile app', ['*']);
  for (const owner of ['bob', 'carol']) await register(tidings.token(owner), '/mobile', 'Mine', ['*']);

  const eventFor = (user_id, index) =>
    index % 7 === 3
      ? { type: 'gaps.updated', data: { user_id, entity_type: 'artist', entity_id: String(4000 + index) } }
      : index % 11 === 5
        ? { type: 'sync.failed', data: { user_id, error_message: 'The provider is away.' } }
        : { type: 'sync.completed', data: { user_id, items_synced: 800 + ((index * 37) % 900), errors: 0, duration_s: 42.5 } };

  /** Fills the past hour of the charts: copies one full measured minute to each of the 58 minutes before, with some variation. */
  const fillPastHour = async () => {
    const database = openDatabase({ url: postgres.url });
    await database.pool.query(`
      INSERT INTO activity_minutes (minute, outcome, attempts, durations)
      SELECT minute - offset_minutes * interval '1 minute', outcome,
        greatest(1, (attempts * (0.7 + 0.3 * sin(offset_minutes / 6.0) + 0.1 * sin(offset_minutes * 2)))::int), durations
      FROM activity_minutes, generate_series(1, 58) AS offset_minutes
      WHERE minute = (SELECT min(minute) FROM activity_minutes WHERE minute > (SELECT min(minute) FROM activity_minutes))
      ON CONFLICT DO NOTHING`);
    await database.close();
  };

  const end = Date.now() + PUBLISH_MS;
  for (let round = 0; Date.now() < end; round += 1) {
    // More than 2,000 events for each webhook: its charts show the newest 2,000, and then cover only the time of this run.
    const size = Math.round(16 + 10 * Math.sin(round / 17) + 4 * Math.sin(round / 3));
    const events = Array.from({ length: size }, (_, index) =>
      eventFor(['alice', 'alice', 'alice', 'bob', 'carol'][index % 5], index),
    );
    if (round % 40 === 0) events.push({ type: 'extraction.started', data: { version: '2026-11', entity_types: ['artists'] } });
    await call(alice, 'POST', '/api/events', { events });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await fillPastHour();

  mkdirSync(IMAGES, { recursive: true });
  const take = async (name, path, { scheme = 'light', ready, height = 760, folder = IMAGES }) => {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1180, height }, reducedMotion: 'reduce' });
    context.setDefaultTimeout(SHOWN_MS);
    const page = await context.newPage();
    await page.goto(`${tidings.url}${path}#token=${alice}`);
    await ready(page).catch((error) => {
      throw new Error(`The page of the picture "${name}" did not show what it is of.`, { cause: error });
    });
    const file = join(folder, `${name}.png`);
    await page.screenshot({ path: file });
    await context.close();
    console.log(file);
  };
  const offerSession = async (page, token) => {
    await waitForText('Staging')(page);
    await page.evaluate(`location.hash = 'token=${token}'`);
  };
  const waitForText = (text) => (page) => page.getByText(text).first().waitFor();
  await take('webhooks', '/', {
    ready: (page) =>
      page
        .getByRole('img', { name: /succeeded/ })
        .nth(3)
        .waitFor(),
  });
  await take('webhook', `/webhooks/${staging.id}`, { scheme: 'dark', ready: waitForText('sync.failed') });
  await take('stream', '/stream', {
    scheme: 'dark',
    ready: async (page) => {
      await waitForText('Live')(page);
      for (let round = 0; round < 12; round += 1) {
        await call(alice, 'POST', '/api/events', eventFor('alice', round));
      }
      await page.locator('[data-event-id]').nth(11).waitFor();
      await page.locator('[data-event-id] button').nth(2).click();
    },
  });
  await take('event-type', '/event-types/sync.failed/edit', {
    height: 900,
    ready: async (page) => {
      const schema = page.getByRole('textbox', { name: /^JSON Schema/ });
      const changed = JSON.parse(await schema.inputValue());
      changed.properties.error_code = { type: 'string' };
      changed.properties.error_message.maxLength = 1000;
      await schema.fill(JSON.stringify(changed, null, 2));
      await waitForText('breaks publishers')(page);
      await page.getByRole('list', { name: 'Webhooks affected' }).waitFor();
      await schema.evaluate((field) => field.scrollIntoView({ block: 'center' }));
    },
  });
  await take('operator', '/operator', { height: 900, ready: (page) => page.locator('.recharts-surface').nth(2).waitFor() });

  if (dialogsFolder !== undefined) {
    mkdirSync(dialogsFolder, { recursive: true });
    const dialog = (name, path, steps, scheme = 'light') =>
      take(name, path, {
        folder: dialogsFolder,
        scheme,
        ready: async (page) => {
          await steps(page);
          await page.getByRole('dialog').waitFor();
        },
      });
    const click = (page, name) => page.getByRole('button', { name, exact: true }).first().click();
    for (const scheme of ['light', 'dark']) {
      await dialog(`disable-${scheme}`, `/webhooks/${staging.id}`, (page) => click(page, 'Disable'), scheme);
      await dialog(`switch-${scheme}`, '/', (page) => offerSession(page, tidings.token('mallory')), scheme);
    }
    await dialog('test', `/webhooks/${staging.id}`, (page) => click(page, 'Send test event'));
    for (const name of ['Replay deliveries …', 'Rotate secret …', 'Delete …']) {
      await dialog(name.split(' ')[0].toLowerCase(), `/webhooks/${staging.id}`, async (page) => {
        await click(page, 'More …');
        await page.getByRole('menuitem', { name }).click();
      });
    }
    await take('paused', `/webhooks/${staging.id}`, {
      folder: dialogsFolder,
      ready: async (page) => {
        await click(page, 'Pause');
        await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
      },
    });
    await take('audit', '/operator/audit', { folder: dialogsFolder, ready: (page) => page.getByRole('row').nth(2).waitFor() });
  }
} finally {
  await browser.close();
  await tidings.stop();
  await redis.stop();
  await postgres.stop();
  receiver.close();
  remove();
}
