import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { attempt, claim, record } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endPending, endSuperseded, storedDeliveries } from '../../test/stored-deliveries.js';
import { createRetry } from './retry.js';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  await api.redis.client.del(queueKey());
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const publish = async () => {
  const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
  const { body } = await api.as('service', 'events:publish').post('/api/events').send(event);
  const { id } = await api.database.prisma.delivery.findFirstOrThrow({ where: { eventId: String(body.id) } });
  return id;
};
const retry = (id: string, owner = 'alice') => api.as(owner).post(`/api/deliveries/${id}/retry`);
const stored = async (id: string) => {
  const found = (await storedDeliveries(api.database)).find((delivery) => delivery.id === id);
  if (!found) throw new Error(`There is no delivery ${id}.`);
  return found;
};
const setEnabled = (enabled: boolean) => api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled });
/** The Redis key of jobs with a lower priority than first attempts. */
const queueKey = () => `${api.redis.prefix}:deliveries:prioritized`;
const jobs = () => api.redis.client.zrange(queueKey(), '0', '-1');
const msFromNow = (time: Date | null) => (time ? time.getTime() - Date.now() : NaN);
const IN_AN_HOUR = { status: 'pending', retryInMs: 3_600_000 } as const;

describe('retrying a terminal delivery', () => {
  test.each(['failed', 'succeeded', 'cancelled', 'skipped'] as const)(
    'makes it pending again, as a replay: %s',
    async (status) => {
      const id = await publish();
      await endPending(api.database, status, 1);
      const { status: statusCode, body } = await retry(id);
      expect(statusCode).toBe(202);
      expect(body).toMatchObject({ id, status: 'pending', replay: true, attempt_count: 1, finished_at: null, waiting_for: null });
      const delivery = await stored(id);
      expect(delivery).toMatchObject({ stage: 'backoff', priority: 2, priorAttempts: 1, leaseToken: null });
      expect(msFromNow(delivery.nextAttemptAt)).toBeLessThanOrEqual(0);
      expect(msFromNow(delivery.wakeAt)).toBeGreaterThan(5_000);
      expect(msFromNow(delivery.wakeAt)).toBeLessThanOrEqual(15_000);
    },
  );

  test('enqueues it immediately, with a new job id', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await retry(id);
    expect(await jobs()).toEqual([expect.stringMatching(new RegExp(`^${id}\\.[0-9a-f]+$`))]);
  });

  test('restarts its retry policy, and marks the next attempt as a replay', async () => {
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

  test('keeps the lease of a delivery that was cancelled in flight, so that no second request starts (I4)', async () => {
    const id = await publish();
    const claimed = await claim(api.database, id);
    await setEnabled(false);
    await setEnabled(true);
    await endSuperseded(api.database);
    expect(await stored(id)).toMatchObject({ status: 'cancelled', ended: true });
    expect((await retry(id)).body).toMatchObject({ status: 'pending', replay: true });
    expect(await jobs()).toEqual([]);
    await expect(claim(api.database, id)).rejects.toThrow('could not be claimed');
    await record(api.database, claimed, 200);
    expect(await stored(id)).toMatchObject({ status: 'pending', stage: 'backoff', leaseToken: null, attemptCount: 1 });
    await attempt(api.database, id, 200);
    expect(await stored(id)).toMatchObject({ status: 'succeeded', attemptCount: 2, stage: null });
  });

  test('of an earlier generation makes it pending again, also before workers have ended it', async () => {
    const id = await publish();
    await setEnabled(false);
    await setEnabled(true);
    const shown = async () => (await api.as('alice').get(`/api/deliveries/${id}`)).body;
    expect(await shown()).toMatchObject({ status: 'cancelled', next_attempt_at: null });
    expect((await retry(id)).body).toMatchObject({ status: 'pending', replay: true, finished_at: null });
    await endSuperseded(api.database);
    expect(await shown()).toMatchObject({ status: 'pending', next_attempt_at: expect.any(String) });
    await attempt(api.database, id, 200);
    expect(await shown()).toMatchObject({ status: 'succeeded' });
  });
});

describe('retrying a delivery that waits for its next attempt', () => {
  test('makes it due now, and does not turn it into a replay', async () => {
    const id = await publish();
    await attempt(api.database, id, 500, IN_AN_HOUR);
    const { status, body } = await retry(id);
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'pending', replay: false, attempt_count: 1 });
    const delivery = await stored(id);
    expect(delivery).toMatchObject({ stage: 'backoff', priority: 1, priorAttempts: 0 });
    expect(msFromNow(delivery.nextAttemptAt)).toBeLessThanOrEqual(0);
    expect(msFromNow(delivery.wakeAt)).toBeLessThanOrEqual(15_000);
    expect(await jobs()).toHaveLength(1);
    await claim(api.database, id);
  });

  test('of a fifo webhook lets it stay the first in line', async () => {
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ ordering: 'fifo' });
    const id = await publish();
    await attempt(api.database, id, 500, IN_AN_HOUR);
    const next = await publish();
    await retry(id);
    await expect(claim(api.database, next)).rejects.toThrow('could not be claimed');
    await attempt(api.database, id, 200);
    await claim(api.database, next);
  });
});

describe('retrying a delivery that is due or in flight', () => {
  test.each<[string, (id: string) => Promise<unknown>]>([
    ['has a slot', () => Promise.resolve()],
    ['waits for a slot', () => api.database.pool.query("UPDATE pending_deliveries SET stage = 'parked', wake_at = NULL")],
    ['is in flight', (id) => claim(api.database, id)],
  ])('and %s is a 202, and changes nothing', async (_case, arrange) => {
    const id = await publish();
    await arrange(id);
    const before = await stored(id);
    expect((await retry(id)).status).toBe(202);
    expect(await stored(id)).toEqual(before);
    expect(await jobs()).toEqual([]);
  });
});

describe('retrying a delivery', () => {
  test('of a disabled webhook is a 409 that names the remedy, and changes nothing', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    const { status, body } = await retry(id);
    expect(status).toBe(409);
    expect(body.detail).toContain(`PATCH /api/webhooks/${webhook} with {"enabled": true}`);
    expect((await stored(id)).status).toBe('failed');
  });

  test('of a removed webhook is a 409 that names the remedy, and changes nothing', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    await api.as('alice').delete(`/api/webhooks/${webhook}`);
    const { status, body } = await retry(id);
    expect(status).toBe(409);
    expect(body.detail).toContain('GET /api/events');
    expect((await stored(id)).status).toBe('failed');
  });

  test('of another owner is a 404, and changes nothing (I7)', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    const foreign = await retry(id, 'mallory');
    const missing = await retry('dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07', 'mallory');
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect({ ...foreign.body, detail: '', request_id: '' }).toEqual({ ...missing.body, detail: '', request_id: '' });
    expect((await stored(id)).status).toBe('failed');
    expect(await jobs()).toEqual([]);
  });

  test('twenty times at the same time is one replay', async () => {
    const id = await publish();
    await attempt(api.database, id, 500);
    const responses = await Promise.all(Array.from({ length: 20 }, () => retry(id)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await stored(id)).toMatchObject({ status: 'pending', attemptCount: 1, priorAttempts: 1 });
    expect((await jobs()).length).toBeLessThan(5);
    await attempt(api.database, id, 200);
    expect(await stored(id)).toMatchObject({ status: 'succeeded', attemptCount: 2 });
  });

  test('while Redis is unavailable leaves it to the reconciler', async () => {
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
    expect(msFromNow((await stored(id)).wakeAt)).toBeLessThanOrEqual(15_000);
  });
});
