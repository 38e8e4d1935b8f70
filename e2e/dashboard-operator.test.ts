import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Route } from 'playwright-core';
import { eventually } from '@tidings/testing';
import { CHROMIUM, startChromium } from './harness/chromium.js';
import { describeWith } from './harness/programs.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { openVisitor, type Visitor } from './harness/visitor.js';

/** What the operator's routes answer, which the API of this revision does not have yet: see docs/dashboard.md. */
const AT = '2026-11-24T10:00:00.000Z';
const WEBHOOK = {
  id: 'wh_01a20f8c-ddcb-7479-81f6-99da680d1ca2',
  user_id: 'bob',
  url: 'https://hooks.example.com/a-long-path-without-any-place-to-break-it-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  event_types: ['sync.*'],
  description: null,
  header_names: [],
  previous_secrets_valid_until: null,
  enabled: true,
  paused: false,
  max_in_flight: 10,
  rate_limit: null,
  ordering: 'unordered',
  retry: null,
  disabled_reason: null,
  disabled_at: null,
  failing_since: AT,
  circuit: { state: 'closed', opened_at: null, probe_at: null },
  created_at: AT,
  updated_at: AT,
};
const DELIVERY = {
  id: 'dlv_01a20f8d-671e-75b4-95c8-086bd793a7ad',
  webhook_id: WEBHOOK.id,
  event_id: 'evt_1',
  event_type: 'sync.failed',
  status: 'failed',
  attempt_count: 1,
  replay: false,
  waiting_for: null,
  created_at: AT,
  next_attempt_at: null,
  finished_at: AT,
};
const ATTEMPT = {
  number: 1,
  started_at: AT,
  duration_ms: 12,
  replay: false,
  status_code: 500,
  error_class: 'http_status',
  error: 'The response had the status 500.',
  response_body: 'no',
};
const USER = {
  user_id: 'bob',
  webhooks: 2,
  pending: 3,
  attempts: 1200,
  failed: 7,
  busy_ms: 81_000,
  disabled: false,
  webhooks_limit: null,
  requests_per_minute: null,
};

/** A state that the answers tell of, and that what is asked for changes. */
function createFake() {
  const changes: { path: string; body: unknown }[] = [];
  const webhook = { ...WEBHOOK };
  const delivering = { paused: false, paused_at: null as string | null, paused_by: null as string | null };
  const minutes = Array.from({ length: 60 }, (_, index) => ({
    at: new Date(Date.parse(AT) + index * 60_000).toISOString(),
    succeeded: 100 + index,
    failed: index % 7,
    p50_ms: index === 3 ? null : 20 + index,
    p95_ms: index === 3 ? null : 80 + index,
  }));
  const answers: Record<string, () => unknown> = {
    '/api/admin/overview': () => ({
      delivering,
      queue: { admitted: 5, backoff: 2, parked: 1, oldest_pending_at: AT },
      webhooks: { total: 12, enabled: 10, disabled: 2, failing: 1, circuit_open: 1, paused: 0 },
      minutes,
      errors: [
        { error_class: 'http_status', count: 7 },
        { error_class: 'timeout', count: 2 },
      ],
    }),
    '/api/admin/users': () => ({ data: [USER] }),
    '/api/admin/webhooks': () => ({ data: [webhook], next_cursor: null }),
    [`/api/admin/webhooks/${WEBHOOK.id}`]: () => webhook,
    [`/api/admin/webhooks/${WEBHOOK.id}/deliveries`]: () => ({ data: [DELIVERY], next_cursor: null }),
    [`/api/admin/deliveries/${DELIVERY.id}`]: () => ({ ...DELIVERY, attempts: [ATTEMPT] }),
    '/api/admin/audit': () => ({
      data: [
        {
          id: 'aud_1',
          at: AT,
          actor: 'olga',
          action: 'webhook.paused',
          user_id: 'bob',
          webhook_id: WEBHOOK.id,
          details: { paused: { from: false, to: true } },
        },
      ],
      next_cursor: null,
    }),
  };
  const answer = async (route: Route): Promise<void> => {
    const { pathname } = new URL(route.request().url());
    if (route.request().method() === 'PATCH') {
      const body = route.request().postDataJSON() as Record<string, unknown>;
      changes.push({ path: pathname, body });
      if (pathname === '/api/admin/delivering') Object.assign(delivering, body, { paused_at: AT, paused_by: 'olga' });
      if (pathname.startsWith('/api/admin/webhooks/')) Object.assign(webhook, body);
      await route.fulfill({ json: pathname === '/api/admin/delivering' ? delivering : webhook });
    } else await route.fulfill({ json: answers[pathname]?.() });
  };
  return { changes, answer };
}

describeWith({ Chromium: CHROMIUM }, "the operator's pages", () => {
  let tidings: Tidings;
  let browser: Browser;
  beforeAll(async () => {
    [tidings, browser] = await Promise.all([startTidings({ workers: 0 }), startChromium()]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await tidings.stop();
  });
  let visitor: Visitor;
  let fake: ReturnType<typeof createFake>;
  const open = async (eyes: Parameters<typeof openVisitor>[2] = {}): Promise<Visitor> => {
    visitor = await openVisitor(browser, tidings.url, eyes);
    fake = createFake();
    await visitor.page.route('**/api/admin/**', fake.answer);
    return visitor;
  };
  const olga = () => tidings.asUser('olga', 'admin');
  afterEach(async () => {
    await visitor.leave();
    expect(visitor.complaints).toEqual([]);
  });

  test('are for tokens with the scope admin alone', async () => {
    const { visit, read, page } = await open();
    await visit(`/operator#token=${tidings.asUser('alice').token}`);
    await read('need a token with the scope');
    expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
  });

  test('pause and resume delivering, and a webhook', async () => {
    const { visit, press, read, page, see: find } = await open();
    await visit(`/operator#token=${olga().token}`);
    await read('Attempts a minute');
    await press('Pause delivering');
    await find('dialog', 'Pause delivering?');
    expect(fake.changes).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await read('Delivering is paused');
    await press('Go on delivering');
    await page.getByText('Delivering is paused').first().waitFor({ state: 'detached' });
    await press('All webhooks', 'link');
    await press(/^Pause https/);
    await read('Paused by the operator');
    await press(/^Disable https/);
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await eventually(() => {
      expect(fake.changes.map(({ body }) => body)).toEqual([
        { paused: true },
        { paused: false },
        { paused: true },
        { enabled: false },
      ]);
    });
  });

  test('limit a user', async () => {
    const { visit, press, fill, page } = await open();
    await visit(`/operator/users#token=${olga().token}`);
    await press('Change bob');
    await fill('Webhooks at most', '3');
    await page.getByRole('switch', { name: 'Disabled' }).check({ force: true });
    await press('Save');
    await eventually(() => {
      expect(fake.changes).toEqual([
        { path: '/api/admin/users/bob', body: { disabled: true, webhooks_limit: 3, requests_per_minute: null } },
      ]);
    });
  });

  test("show anybody's deliveries, and who changed what", async () => {
    const { visit, press, read, see: find } = await open();
    await visit(`/operator/audit#token=${olga().token}`);
    await read('paused: false → true');
    await press(/^wh_/, 'link');
    await press('sync.failed', 'link');
    await find('region', 'The response to attempt 1');
    await read('HTTP 500');
  });

  test.each([
    { scheme: 'light', width: 1200 },
    { scheme: 'dark', width: 360 },
  ] as const)(
    'have no barriers that axe finds, and fit, in $scheme at $width px',
    async (eyes) => {
      const { page, visit, read, barriers } = await open(eyes);
      await visit(`/operator#token=${olga().token}`);
      const looks: [path: string, text: string | RegExp][] = [
        ['/operator', 'Attempts a minute'],
        ['/operator/webhooks', 'Failing'],
        [`/operator/webhooks/${WEBHOOK.id}`, 'sync.failed'],
        [`/operator/deliveries/${DELIVERY.id}`, 'HTTP 500'],
        ['/operator/users', '1,200'],
        ['/operator/audit', 'webhook.paused'],
      ];
      for (const [path, text] of looks) {
        await visit(path);
        await read(text);
        expect({ path, barriers: await barriers() }).toEqual({ path, barriers: [] });
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(eyes.width);
      }
    },
    60_000,
  );
});
