import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claim, record } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, storedDeliveries } from '../../test/stored-deliveries.js';
import { hourlyStatsToJson } from './hourly-stats.js';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const publish = () =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'extraction.started', data: { version: '1', entity_types: [] } });
const byOwner = (paused: boolean) => api.as('alice').patch(`/api/webhooks/${webhook}`).send({ paused });
const byOperator = (paused: boolean) => api.as('olga', 'admin').patch(`/api/admin/webhooks/${webhook}`).send({ paused });
const stages = async () => (await storedDeliveries(api.database)).map(({ stage }) => stage);
const pausedAt = async () => (await api.database.prisma.webhook.findUniqueOrThrow({ where: { id: webhook } })).ownerPausedAt;

describe('the pause of a webhook', () => {
  test('by its owner keeps what is published meanwhile, and a resume enqueues it at once', async () => {
    expect((await byOwner(true)).body).toMatchObject({ paused: true, paused_by: ['owner'], enabled: true });
    await publish();
    expect(await stages()).toEqual(['parked']);
    expect((await byOwner(false)).body).toMatchObject({ paused: false, paused_by: [] });
    expect(await stages()).toEqual(['admitted']);
  });

  test('by its owner is not lifted by an operator', async () => {
    await byOwner(true);
    expect((await byOperator(true)).body).toMatchObject({ paused: true, paused_by: ['owner', 'operator'] });
    expect((await byOperator(false)).body).toMatchObject({ paused: true, paused_by: ['owner'] });
    await publish();
    expect(await stages()).toEqual(['parked']);
  });

  test('by an operator is not lifted by its owner, and a resume by the operator enqueues what waits', async () => {
    await byOperator(true);
    expect((await byOwner(false)).body).toMatchObject({ paused: true, paused_by: ['operator'] });
    await publish();
    expect(await stages()).toEqual(['parked']);
    await byOperator(false);
    expect(await stages()).toEqual(['admitted']);
  });

  test('that is repeated keeps its beginning, and has one entry in the audit log', async () => {
    await byOwner(true);
    const since = await pausedAt();
    await byOwner(true);
    expect(await pausedAt()).toEqual(since);
    const { body } = await api.as('olga', 'admin').get(`/api/admin/audit?webhook_id=${webhook}`);
    expect(body.data).toMatchObject([
      { action: 'webhook.paused', actor: 'alice', details: { paused_by: { from: [], to: ['owner'] } } },
      { action: 'webhook.created' },
    ]);
  });

  test('is a choice at the registration', async () => {
    const { body } = await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/other', paused: true });
    expect(body).toMatchObject({ paused: true, paused_by: ['owner'] });
  });

  test('is listed for operators, whoever paused it', async () => {
    await byOwner(true);
    const { body } = await api.as('olga', 'admin').get('/api/admin/webhooks?state=paused');
    expect(body.data).toMatchObject([{ id: webhook, paused_by: ['owner'] }]);
  });
});

test('a request that was under way when the webhook was disabled, and succeeded, makes its delivery succeeded', async () => {
  await publish();
  const [delivery] = await storedDeliveries(api.database);
  const claimed = await claim(api.database, delivery?.id ?? '');
  await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
  // A replay ends first what is still to be ended.
  await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: true });
  await api.as('alice').post(`/api/webhooks/${webhook}/replay`).send({ since: '2026-01-01T00:00:00Z', dry_run: true });
  const read = async () => (await api.as('alice').get(`/api/deliveries/${delivery?.id ?? ''}`)).body as object;
  expect(await read()).toMatchObject({ status: 'cancelled' });
  await record(api.database, claimed, 200);
  expect(await read()).toMatchObject({ status: 'succeeded' });
});

describe('the statistics of a webhook', () => {
  const stats = async (query = '', owner = 'alice') => api.as(owner).get(`/api/webhooks/${webhook}/stats${query}`);

  test('count each attempt in its hour, with its type and the class of the response', async () => {
    await publish();
    const [delivery] = await storedDeliveries(api.database);
    await record(api.database, await claim(api.database, delivery?.id ?? ''), 503, { status: 'pending', retryInMs: 0 });
    await record(api.database, await claim(api.database, delivery?.id ?? ''), 200);
    const { status, body } = await stats('?window=1h');
    expect(status).toBe(200);
    expect(body).toMatchObject({ webhook_id: webhook, window: '1h', attempts: 2, succeeded: 1, failed: 1, pending: 0 });
    expect(body.hours).toHaveLength(2);
    const counts = (body.hours as { counts: object[] }[]).flatMap((hour) => hour.counts);
    expect(counts).toEqual([
      { event_type: 'extraction.started', status_class: '2xx', attempts: 1 },
      { event_type: 'extraction.started', status_class: '5xx', attempts: 1 },
    ]);
  });

  test.each([
    ['', 25],
    ['?window=24h', 25],
    ['?window=7d', 169],
    ['?window=30d', 721],
  ])('have every hour of the window: %s', async (query, hours) => {
    expect((await stats(query)).body.hours).toHaveLength(hours);
  });

  test('look at each count a few times, not once for every hour', () => {
    let looks = 0;
    const since = new Date('2026-11-01T00:00:00Z');
    const count = {
      get at() {
        looks += 1;
        return since;
      },
      eventType: 'extraction.started',
      statusClass: '2xx',
      attempts: 1,
    };
    const until = new Date('2026-12-01T00:30:00Z');
    const { hours } = hourlyStatsToJson(webhook, '30d', { since, until, pending: 0, counts: [count], isComplete: true });
    expect([hours.length, hours[0]?.attempts, hours[1]?.attempts]).toEqual([721, 1, 0]);
    expect(looks).toBeLessThan(5);
  });

  test('name the pending deliveries, which disabling would cancel', async () => {
    await publish();
    expect((await stats()).body).toMatchObject({ attempts: 0, pending: 1 });
  });

  test('of another owner are unknown (I7), and other windows refused', async () => {
    expect((await stats('', 'bob')).status).toBe(404);
    const { status, body } = await stats('?window=2h');
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ field: 'window', message: 'must be 1h, 24h, 7d or 30d' }]);
  });
});

describe('a replay of missing events', () => {
  const replay = (body: object) =>
    api
      .as('alice')
      .post(`/api/webhooks/${webhook}/replay`)
      .send({ since: '2026-01-01T00:00:00Z', ...body });

  test('reaches events from before the webhook was registered; a dry run only counts', async () => {
    await api.as('alice').delete(`/api/webhooks/${webhook}`);
    await publish();
    await publish();
    webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
    expect((await replay({})).body).toMatchObject({ count: 0 });
    expect((await replay({ missing: true, dry_run: true })).body).toMatchObject({
      count: 2,
      dry_run: true,
      first_attempt_at: null,
    });
    const { status, body } = await replay({ missing: true });
    expect(status).toBe(202);
    expect(body).toMatchObject({ count: 2, first_attempt_at: expect.any(String), last_attempt_at: expect.any(String) });
    expect((await replay({ missing: true })).body).toMatchObject({ count: 0 });
  });

  test('leaves out events that the webhook would not get, also at the end of a period', async () => {
    await api.as('alice').delete(`/api/webhooks/${webhook}`);
    await publish();
    const fields = { url: 'https://example.com/', event_types: ['sync.*'] };
    webhook = String((await api.as('alice').post('/api/webhooks').send(fields)).body.id);
    expect((await replay({ missing: true })).body).toMatchObject({ count: 0 });
  });

  test('may select nothing else, and only then no status at all', async () => {
    expect((await replay({ missing: true, status: [] })).status).toBe(200);
    const { status, body } = await replay({ status: [] });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ field: 'status' }]);
  });

  test('reaches cancelled deliveries', async () => {
    await publish();
    const [delivery] = await storedDeliveries(api.database);
    await api.as('alice').post(`/api/deliveries/${delivery?.id ?? ''}/cancel`);
    expect((await replay({ status: ['cancelled'] })).body).toMatchObject({ count: 1 });
  });
});
