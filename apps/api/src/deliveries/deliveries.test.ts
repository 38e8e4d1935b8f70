import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attempt } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { toCursor } from '../http/cursor.js';

let api: TestApi;
let webhook: string;
let deliveryIds: string[];

beforeAll(async () => {
  api = await startApi();
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
  const publish = (type: string, data: object) => api.as('service', 'events:publish').post('/api/events').send({ type, data });
  await publish('extraction.started', { version: '1', entity_types: [] });
  await publish('sync.failed', { user_id: 'alice', error_message: 'no' });
  await publish('gaps.updated', { user_id: 'alice', entity_type: 'artist', entity_id: '1' });
  const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries`);
  deliveryIds = body.data.map(({ id }: { id: string }) => id);
  await attempt(api.database, String(deliveryIds[0]), 500);
});
afterAll(() => api.stop());

/** Lists deliveries: their indexes in `deliveryIds`, or the errors of a refused query. */
const list = async (query: string) => {
  const { status, body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?${query}`);
  return status === 200 ? body.data.map(({ id }: { id: string }) => deliveryIds.indexOf(id)) : body.errors;
};

/** The cursor of the page behind this delivery. */
const cursorAt = (id: string | undefined) => toCursor(`deliveries of ${webhook}`, String(id));

describe('the deliveries of a webhook', () => {
  test('are listed newest first, with their state', async () => {
    const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries`);
    expect(body.data).toMatchObject([
      { event_type: 'gaps.updated', status: 'failed', attempt_count: 1, next_attempt_at: null },
      { event_type: 'sync.failed', status: 'pending', attempt_count: 0 },
      { event_type: 'extraction.started', status: 'pending', webhook_id: webhook },
    ]);
  });

  test('are filtered by status, type and time', async () => {
    expect(await list('status=failed')).toEqual([0]);
    expect(await list('status=failed,pending')).toEqual([0, 1, 2]);
    expect(await list('event_types=sync.*,gaps.updated')).toEqual([0, 1]);
    expect(await list('since=2030-01-01T00:00:00Z')).toEqual([]);
    expect(await list('until=2030-01-01T00:00:00Z&limit=1')).toEqual([0]);
    expect(await list(`cursor=${cursorAt(deliveryIds[1])}`)).toEqual([2]);
  });

  test('are filtered to times from `since` (inclusive) to `until` (exclusive), page by page', async () => {
    const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries`);
    const [newest, middle, oldest] = body.data.map(({ created_at }: { created_at: string }) => created_at);
    expect(new Set([newest, middle, oldest]).size).toBe(3);
    expect(await list(`since=${String(middle)}`)).toEqual([0, 1]);
    expect(await list(`until=${String(middle)}`)).toEqual([2]);
    expect(await list(`since=${String(oldest)}&until=${String(newest)}`)).toEqual([1, 2]);
    expect(await list(`since=${String(oldest)}&until=${String(newest)}&cursor=${cursorAt(deliveryIds[1])}`)).toEqual([2]);
    expect(await list(`since=${String(oldest)}&until=2030-01-01T00:00:00Z&cursor=${cursorAt(deliveryIds[0])}`)).toEqual([1, 2]);
    expect(await list('until=1969-07-20T00:00:00Z')).toEqual([]);
  });

  test('are pending and wait for a slot while their webhook has no free slot', async () => {
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ max_in_flight: 2 });
    const started = { type: 'extraction.started', data: { version: '2', entity_types: [] } };
    await api.as('service', 'events:publish').post('/api/events').send(started);
    const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?status=pending`);
    expect(body.data).toMatchObject([{ waiting_for: 'slot' }, { waiting_for: null }, { waiting_for: null }]);
    const ids = body.data.map(({ id }: { id: string }) => id);
    expect(await list('status=pending,failed')).toEqual([-1, 0, 1, 2]);
    expect(await list('status=pending&limit=2')).toEqual([-1, 1]);
    expect(await list(`status=pending&cursor=${cursorAt(ids[0])}`)).toEqual([1, 2]);
    expect(await list(`status=pending&cursor=${cursorAt(ids[2])}`)).toEqual([]);
    expect(await list('status=pending&event_types=sync.*')).toEqual([1]);
    expect(await list('status=pending&until=1969-07-20T00:00:00Z')).toEqual([]);
    await api.database.pool.query('DELETE FROM pending_deliveries WHERE delivery_id = $1', [ids[0]]);
    await api.database.pool.query('DELETE FROM deliveries WHERE id = $1', [ids[0]]);
  });

  test('are skipped while their webhook is disabled by Tidings, also those that were pending', async () => {
    await api.database.pool.query("UPDATE webhooks SET enabled = false, disabled_reason = 'gone'");
    const started = { type: 'extraction.started', data: { version: '3', entity_types: [] } };
    await api.as('service', 'events:publish').post('/api/events').send(started);
    const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries?status=skipped`);
    const skipped = { status: 'skipped', attempt_count: 0, next_attempt_at: null, waiting_for: null };
    expect(body.data).toMatchObject([skipped, skipped, skipped]);
    expect(await list('status=skipped')).toEqual([-1, 1, 2]);
    expect(await list('status=pending')).toEqual([]);
    expect(await list('status=pending,failed')).toEqual([0]);
    await api.database.pool.query("DELETE FROM deliveries WHERE status = 'skipped'");
  });

  test('have no internal fields', async () => {
    const { body } = await api.as('alice').get(`/api/webhooks/${webhook}/deliveries`);
    expect(Object.keys(body.data[0]).sort()).toEqual(
      [
        ...[
          'id',
          'webhook_id',
          'event_id',
          'event_type',
          'event_version',
          'status',
          'attempt_count',
          'replay',
          'created_at',
          'next_attempt_at',
        ],
        ...['waiting_for', 'finished_at'],
      ].sort(),
    );
  });

  test.each(['status=lost', 'event_types=sync.nothing', 'since=yesterday', 'since=0000-01-01T00:00:00Z', 'user=bob'])(
    'are not listed for the invalid query ?%s',
    async (query) => {
      expect(await list(query)).toMatchObject([{ field: query.split('=')[0]?.replace('status', 'status[0]') }]);
    },
  );
});

describe('one delivery', () => {
  test('has all its attempts', async () => {
    const { body } = await api.as('alice').get(`/api/deliveries/${String(deliveryIds[0])}`);
    expect(body).toMatchObject({
      status: 'failed',
      replay: false,
      attempts: [
        { number: 1, replay: false, status_code: 500, error_class: 'http_status', duration_ms: 12, response_body: 'oops' },
      ],
    });
    expect(Date.parse(body.attempts[0].started_at)).not.toBeNaN();
  });

  test.each([
    ['its owner', () => api.as('alice').get(`/api/deliveries/${String(deliveryIds[0])}`)],
    ['operators', () => api.as('olga', 'admin').get(`/api/admin/deliveries/${String(deliveryIds[0])}`)],
  ])('has its newest 100 attempts, and those before them on request, for %s', async (_who, get) => {
    const { pool } = api.database;
    await pool.query(
      `INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status_code)
       SELECT $1, n, now(), 1, 500 FROM generate_series(2, 250) AS n ON CONFLICT DO NOTHING`,
      [deliveryIds[0]],
    );
    const numbers = async (query: object) =>
      (await get().query(query)).body.attempts.map(({ number }: { number: number }) => number) as number[];
    const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
    expect(await numbers({})).toEqual(from(151, 250));
    expect(await numbers({ before: 151 })).toEqual(from(51, 150));
    expect(await numbers({ before: 51 })).toEqual(from(1, 50));
    expect(await numbers({ before: 1 })).toEqual([]);
    for (const before of ['0', '-1', 'x', '1.5', '1000000000'])
      expect((await get().query({ before })).body.errors).toMatchObject([{ field: 'before' }]);
    await pool.query('DELETE FROM attempts WHERE delivery_id = $1 AND number > 1', [deliveryIds[0]]);
  });

  test('leads to its event, with the payload exactly as accepted', async () => {
    const { status, headers, body } = await api.as('alice').get(`/api/deliveries/${String(deliveryIds[1])}/event`);
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json; charset=utf-8' });
    expect(body).toMatchObject({ type: 'sync.failed', data: { user_id: 'alice', error_message: 'no' } });
    const delivery = await api.as('alice').get(`/api/deliveries/${String(deliveryIds[1])}`);
    expect(body.id).toBe(delivery.body.event_id);
    expect((await api.as('alice').get(`/api/deliveries/${String(deliveryIds[2])}/event`)).body.type).toBe('extraction.started');
    expect((await api.as('bob').get(`/api/deliveries/${String(deliveryIds[1])}/event`)).status).toBe(404);
  });

  test('is a 404 for everyone but the owner of its webhook (I7)', async () => {
    expect((await api.as('alice').get('/api/deliveries/%00')).status).toBe(404);
    expect((await api.as('mallory').get(`/api/deliveries/${String(deliveryIds[0])}`)).status).toBe(404);
  });
});
