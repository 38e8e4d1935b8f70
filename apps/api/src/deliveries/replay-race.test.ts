import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claim, record } from '../../test/attempt.js';
import { waitForBlockedQueries, withWebhooksLocked } from '../../test/locks.js';
import type { DeliveryStatus } from '@tidings/database';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endPending, endSuperseded, storedDeliveries } from '../../test/stored-deliveries.js';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  // The pool of administration has a connection for each of the replays that wait for a lock at the same time.
  api = await startApi({ replaysPerSecond: 10, env: { DATABASE_POOL: '20' } });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const STATES = ['failed', 'skipped', 'cancelled', 'succeeded'] as const;
const publish = async (count: number) => {
  const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
  const events = Array.from({ length: count }, () => event);
  await api.as('service', 'events:publish').post('/api/events').send({ events });
};
/** Publishes events and sets the status of their deliveries. */
const publishWithStatus = async (count: number, status: DeliveryStatus) => {
  await publish(count);
  await endPending(api.database, status);
};
const changeWebhook = (body: object) => api.as('alice').patch(`/api/webhooks/${webhook}`).send(body);
const replay = async (status: string) => {
  const body = { since: '2020-01-01T00:00:00Z', status };
  return await api.as('alice').post(`/api/webhooks/${webhook}/replay`).send(body);
};
/** The due times of all deliveries, in milliseconds after the first. */
const dueOffsetsMs = async () => {
  const deliveries = await storedDeliveries(api.database);
  const times = deliveries.map(({ nextAttemptAt }) => nextAttemptAt?.getTime() ?? NaN).toSorted((one, other) => one - other);
  return times.map((time) => time - (times[0] ?? NaN));
};
const spacedBy100Ms = (count: number) => Array.from({ length: count }, (_, index) => index * 100);
const maxDeviationMs = (times: number[], expected: number[]) =>
  Math.max(...times.map((time, index) => Math.abs(time - (expected[index] ?? NaN))));

describe('simultaneous replays', () => {
  test('of the same deliveries replay each delivery once', async () => {
    await publishWithStatus(50, 'failed');
    const responses = await Promise.all(Array.from({ length: 10 }, () => replay('failed')));
    expect(responses.reduce((sum, { body }) => sum + Number(body.count), 0)).toBe(50);
    expect(maxDeviationMs(await dueOffsetsMs(), spacedBy100Ms(50))).toBeLessThanOrEqual(1);
  });

  test('of different deliveries run one after another, and share no due time', async () => {
    for (const state of STATES) await publishWithStatus(5, state);
    const replays = await withWebhooksLocked(api.database, async () => {
      const responses = Promise.all(STATES.map(replay));
      // One owner's replays run two at a time.
      await waitForBlockedQueries(api.database, 2);
      return () => responses;
    });
    expect((await replays()).map(({ body }) => body.count)).toEqual([5, 5, 5, 5]);
    expect(maxDeviationMs(await dueOffsetsMs(), spacedBy100Ms(20))).toBeLessThanOrEqual(2);
  });
});

describe('a replay while an attempt is recorded', () => {
  test('causes no deadlock: the attempt is recorded later', async () => {
    await publish(1);
    const { id } = await api.database.prisma.delivery.findFirstOrThrow();
    const claimed = await claim(api.database, id);
    // The delivery is cancelled in flight, so that both may change it. A failed attempt also changes the webhook.
    await changeWebhook({ enabled: false });
    await changeWebhook({ enabled: true });
    await endSuperseded(api.database);
    const ended = await withWebhooksLocked(api.database, async () => {
      const replayed = replay('cancelled');
      await waitForBlockedQueries(api.database, 1);
      expect((await record(api.database, claimed, 500)).locked).toEqual(new Set([claimed.leaseToken]));
      return () => replayed;
    });
    expect((await ended()).status).toBe(202);
    expect((await record(api.database, claimed, 500)).locked.size).toBe(0);
    expect(await storedDeliveries(api.database)).toMatchObject([{ status: 'pending', replay: true, attemptCount: 1 }]);
  });
});
