import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import jwt from 'jsonwebtoken';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { catalog } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { findViolations } from './harness/axe.js';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { readDocuments, type Documents } from './harness/documents.js';
import { describeWith } from './harness/programs.js';
import { startReceiver } from './harness/receiver.js';
import { rememberSecret } from './harness/known-secrets.js';
import { streamUrl, type StreamedEvent } from './harness/stream.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const JWT_SECRET = 'a-secret-of-these-tests-of-32-bytes-or-more';

let tidings: Tidings;
let documents: Documents;
beforeAll(async () => {
  rememberSecret(JWT_SECRET);
  // The API checks for expired tokens fifteen times in each heartbeat.
  tidings = await startTidings({ env: { JWT_SECRET, STREAM_HEARTBEAT_MS: '1000' } });
  documents = await readDocuments(tidings.url);
});
afterAll(() => tidings.stop());

const aborts: AbortController[] = [];
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort();
});

/** Follows the stream until the end of the test. Returns the list to which it adds every message, of any type. */
async function recordMessages(token: string, lastEventId?: string): Promise<StreamedEvent[]> {
  const abort = new AbortController();
  aborts.push(abort);
  const messages: StreamedEvent[] = [];
  const parser = createParser({
    onEvent: ({ id = '', event: type = '', data }) => messages.push({ id, type, data: JSON.parse(data) as unknown }),
  });
  const url = streamUrl(tidings.url, lastEventId === undefined ? {} : { lastEventId });
  const { body } = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: abort.signal });
  const decoder = new TextDecoder();
  void (async () => {
    for await (const chunk of body ?? []) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
  })().catch(() => undefined);
  return messages;
}

test('sends exactly the webhooks and the stream messages of the documents', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  const gone = await alice.register(await startReceiver(() => 410), { event_types: ['sync.failed'] });
  const live = await recordMessages(alice.token);
  await eventually(() => {
    expect(live).toMatchObject([{ type: 'stream.open' }]);
  });

  await service.publish(catalog.describe().map(({ type, example }) => ({ type, data: example })));
  await receiver.waitFor(catalog.types.length);
  expect((await alice.call('POST', `/api/webhooks/${webhook.id}/test`)).status).toBe(200);
  // The 410 disables the other webhook.
  await eventually(() => {
    expect(live).toContainEqual(expect.objectContaining({ type: 'webhook.disabled' }));
  });
  expect(live.at(-1)?.data).toMatchObject({ webhook_id: gone.id, reason: 'gone' });

  const ending = jwt.sign({ exp: Math.floor(Date.now() / 1000) + 1 }, JWT_SECRET, { subject: 'alice' });
  rememberSecret(ending);
  const resumed = await recordMessages(ending, 'evt_that_never_was');
  await eventually(() => {
    expect(resumed.at(-1)?.type).toBe('stream.end');
  });

  const messages = [...live, ...resumed];
  messages.forEach(documents.checkMessage);
  // A webhook must have been paused for weeks before its deliveries expire.
  const expected = documents.messageTypes.filter((type) => type !== 'webhook.expiring');
  expect(new Set(messages.map(({ type }) => type))).toEqual(new Set(expected));

  receiver.arrivals.forEach(documents.checkWebhook);
  const arrived = receiver.arrivals.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);
  // This installation verifies no webhook: e2e/verification.test.ts receives the challenge.
  const sent = documents.webhookTypes.filter((type) => type !== 'webhook.verification');
  expect(arrived.sort()).toEqual(sent.sort());
});

describeWith({ Chromium: CHROMIUM }, 'the reference, in Chromium', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const pageErrors: string[] = [];
  const hosts = new Set<string>();
  beforeAll(async () => {
    browser = await startChromium();
    context = await browser.newContext();
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') pageErrors.push(message.text());
    });
    page.on('pageerror', (error) => pageErrors.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host);
    });
    await page.goto(`${tidings.url}/docs`);
    await page.waitForSelector('.opblock');
  });
  afterAll(() => browser.close());

  test('shows all routes and webhooks, and links to both documents', async () => {
    const { paths } = (await (await fetch(`${tidings.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const displayed = (await page.locator('.opblock-summary-path').allInnerTexts()).map((path) => path.replaceAll('\u200b', ''));
    const routes = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map(() => path));
    expect(displayed.slice().sort()).toEqual([...routes, ...documents.webhookTypes].sort());
    for (const link of ['/openapi.json', '/asyncapi.json']) expect(await page.locator(`nav a[href="${link}"]`).count()).toBe(1);
  });

  test('sends a request with a token', async () => {
    const { token } = tidings.asUser('alice');
    await page.locator('.btn.authorize').click();
    await page.locator('.auth-container input').fill(token);
    await page.locator('.auth-btn-wrapper .authorize').click();
    await page.locator('.btn-done').click();
    const route = page.locator('#operations-webhooks-listWebhooks');
    await route.locator('.opblock-summary-control').click();
    await route.locator('.try-out__btn').click();
    await route.locator('.execute').click();
    await route.locator('.live-responses-table .response-col_status').first().waitFor();
    expect(await route.locator('.live-responses-table').innerText()).toContain('"next_cursor": null');
  });

  test('loads nothing from other hosts, and complies with its Content-Security-Policy', () => {
    expect([...hosts]).toEqual([new URL(tidings.url).host]);
    expect(pageErrors).toEqual([]);
  });

  test('has nothing of ours that axe objects to', async () => {
    // Swagger UI's own elements are excluded: they have too little contrast, and a select without a name.
    expect(await findViolations(page, '#reference')).toEqual([]);
  });
});
