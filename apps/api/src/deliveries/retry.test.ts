import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { attempt, claim, record } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createRetry } from './retry.js';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await api.database.pool.query('TRUNCATE webhooks, deliveries, attempts, events');
  await api.redis.client.del(queueKey());
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const publish = async () => {
  const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
  const { body } = await api.as('service', 'events:publish').post('/api/events').send(event);
  const { id } = await api.database.prisma.delivery.findFirstOrThrow({ where: { eventId: String(body.id) } });
  return id;
};
const retry = (id: string, user = 'alice') => api.as(user).post(`/api/deliveries/${id}/retry`);
const row = (id: string) => api.database.prisma.delivery.findUniqueOrThrow({ where: { id } });
const set = (id: string, assignments: string) =>
  api.database.pool.query(`UPDATE deliveries SET ${assignments} WHERE id = $1`, [id]);
/** The jobs of the queue that come behind first attempts. */
const queueKey = () => `${api.redis.prefix}:deliveries:prioritized`;
const jobs = () => api.redis.client.zrange(queueKey(), '0', '-1');
const msFromNow = (time: Date | null) => (time ? time.getTime() - Date.now() : NaN);
const LATER = { status: 'pending', retryInMs: 3_600_000 } as const;

describe('retrying a delivery that has ended', () => {
  test.each(['failed', 'succeeded', 'cancelled', 'skipped'])(
    'makes one that is %s pending again, as a replay',
    async (status) => {
      const id = await publish();
      await attempt(api.database, id, status === 'succeeded' ? 200 : 500);
      await set(id, `status = '${status}'`);
      const { status: answered, body } = await retry(id);
      expect(answered).toBe(202);
      expect(body).toMatchObject({ id, status: 'pending', replay: true, attempt_count: 1, finished_at: null, waiting_for: null });
      const stored = await row(id);
      expect(stored).toMatchObject({ stage: 'backoff', priority: 2, priorAttempts: 1, leaseToken: null });
      expect(msFromNow(stored.nextAttemptAt)).toBeLessThanOrEqual(0);
      expect(msFromNow(stored.wakeAt)).toBeGreaterThan(5_000);
      expect(msFromNow(stored.wakeAt)).toBeLessThanOrEqual(15_000);
    },
  );

  test('enqueues it at once, under a job id of its own', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await retry(id);
    expect(await jobs()).toEqual([expect.stringMatching(new RegExp(`^${id}\\.[0-9a-f]+$`))]);
  });

  test('lets it be attempted with its policy from the beginning, and the attempt says that it is a replay', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await retry(id);
    const claimed = await claim(api.database, id);
    expect(claimed).toMatchObject({ attemptCount: 1, priorAttempts: 1, replay: true });
    await record(api.database, claimed, 200);
    const { body } = await api.as('alice').get(`/api/deliveries/${id}`);
    expect(body).toMatchObject({
      status: 'succeeded',
      attempts: [
        { number: 1, replay: false, status_code: 500 },
        { number: 2, replay: true, status_code: 200 },
      ],
    });
  });

  test('keeps the lease of one that was cancelled under way: no second request at the same time (I4)', async () => {
    const id = await publish();
    const claimed = await claim(api.database, id);
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: true });
    expect((await row(id)).status).toBe('cancelled');
    expect((await retry(id)).body).toMatchObject({ status: 'pending', replay: true });
    await expect(claim(api.database, id)).rejects.toThrow('could not be claimed');
    await record(api.database, claimed, 200);
    expect(await row(id)).toMatchObject({ status: 'succeeded', leaseToken: null, stage: null, wakeAt: null });
  });
});

describe('retrying a delivery that waits for its next attempt', () => {
  test('makes it due now, as what it was', async () => {
    const id = await publish();
    await attempt(api.database, id, 500, LATER);
    const { status, body } = await retry(id);
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'pending', replay: false, attempt_count: 1 });
    const stored = await row(id);
    expect(stored).toMatchObject({ stage: 'backoff', priority: 1, priorAttempts: 0 });
    expect(msFromNow(stored.nextAttemptAt)).toBeLessThanOrEqual(0);
    expect(msFromNow(stored.wakeAt)).toBeLessThanOrEqual(15_000);
    expect(await jobs()).toHaveLength(1);
    await claim(api.database, id);
  });

  test('of a fifo webhook leaves it its slot', async () => {
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ ordering: 'fifo' });
    const id = await publish();
    await attempt(api.database, id, 500, LATER);
    expect((await row(id)).stage).toBe('admitted');
    await retry(id);
    expect((await row(id)).stage).toBe('admitted');
    await claim(api.database, id);
  });
});

describe('retrying a delivery that is on its way', () => {
  test.each<[string, (id: string) => Promise<unknown>]>([
    ['has a slot', () => Promise.resolve()],
    ['waits for a slot', (id) => set(id, "stage = 'parked', wake_at = NULL")],
    ['is under way', (id) => claim(api.database, id)],
  ])('that %s is a 202, and changes nothing', async (_how, arrange) => {
    const id = await publish();
    await arrange(id);
    const before = await row(id);
    expect((await retry(id)).status).toBe(202);
    expect(await row(id)).toEqual(before);
    expect(await jobs()).toEqual([]);
  });
});

describe('retrying a delivery', () => {
  test('of a disabled webhook is a 409 that says what to do, and changes nothing', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    const { status, body } = await retry(id);
    expect(status).toBe(409);
    expect(body.detail).toContain(`PATCH /api/webhooks/${webhook} with {"enabled": true}`);
    expect((await row(id)).status).toBe('failed');
  });

  test('of a removed webhook is a 409 that says what to do, and changes nothing', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await api.as('alice').delete(`/api/webhooks/${webhook}`);
    const { status, body } = await retry(id);
    expect(status).toBe(409);
    expect(body.detail).toContain('GET /api/events');
    expect((await row(id)).status).toBe('failed');
  });

  test('of somebody else is a 404, and changes nothing (I7)', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    const foreign = await retry(id, 'mallory');
    const none = await retry('dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07', 'mallory');
    expect([foreign.status, none.status]).toEqual([404, 404]);
    expect({ ...foreign.body, detail: '', request_id: '' }).toEqual({ ...none.body, detail: '', request_id: '' });
    expect((await row(id)).status).toBe('failed');
    expect(await jobs()).toEqual([]);
  });

  test('twenty times at once is one replay', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    const responses = await Promise.all(Array.from({ length: 20 }, () => retry(id)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await row(id)).toMatchObject({ status: 'pending', attemptCount: 1, priorAttempts: 1 });
    expect((await jobs()).length).toBeLessThan(5);
    await attempt(api.database, id, 200);
    expect(await row(id)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
  });

  test('while Redis is away leaves it to the reconciler', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    const warnings: string[] = [];
    const withoutRedis = createRetry({
      sql: api.database.pool,
      queue: { enqueue: () => Promise.reject(new Error('ECONNREFUSED')) },
      log: { warn: (message) => void warnings.push(message) },
    });
    expect(await withoutRedis('alice', id)).toBe('enabled');
    expect(warnings).toHaveLength(1);
    expect(msFromNow((await row(id)).wakeAt)).toBeLessThanOrEqual(15_000);
  });
});
