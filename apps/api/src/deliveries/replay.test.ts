import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { claimDeliveries, wakeDeliveries, type DeliveryStatus } from '@tidings/database';
import { claim, record } from '../../test/attempt.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { clear, endPending, endSuperseded, storedDeliveries, type StoredDelivery } from '../../test/stored-deliveries.js';

const PER_SECOND = 10;
const SINCE = '2020-01-01T00:00:00Z';

let api: TestApi;
let webhook: string;
beforeAll(async () => {
  api = await startApi({ replaysPerSecond: PER_SECOND });
});
afterAll(() => api.stop());
beforeEach(async () => {
  await clear(api.database);
  webhook = String((await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' })).body.id);
});

const started = { type: 'extraction.started', data: { version: '1', entity_types: [] } };
const gaps = { type: 'gaps.updated', data: { user_id: 'alice', entity_type: 'artist', entity_id: '1' } };
const publish = (...events: object[]) => api.as('service', 'events:publish').post('/api/events').send({ events });
/** All deliveries in the order of the event log. */
const deliveries = () => storedDeliveries(api.database);
/** Publishes one event for each status, and sets the status of its delivery. */
const publishWithStatuses = async (statuses: DeliveryStatus[], event: object = started) => {
  for (const status of statuses) {
    await publish(event);
    await setStatus(status);
  }
};
/** Sets the status of all pending deliveries that are no replays. */
const setStatus = (status: DeliveryStatus) => endPending(api.database, status, 3);
const replay = (body: object, owner = 'alice') => api.as(owner).post(`/api/webhooks/${webhook}/replay`).send(body);
const dueAt = ({ nextAttemptAt }: StoredDelivery) => nextAttemptAt?.getTime() ?? NaN;
const storedStatuses = async () => (await deliveries()).map(({ status }) => status);

describe('replaying', () => {
  test('makes failed and skipped deliveries pending again, and no others', async () => {
    await publishWithStatuses(['failed', 'succeeded', 'skipped', 'cancelled']);
    await publish(started);
    const { status, body } = await replay({ since: SINCE });
    expect(status).toBe(202);
    expect(body).toMatchObject({ count: 2, dry_run: false });
    expect(await storedStatuses()).toEqual(['pending', 'succeeded', 'pending', 'cancelled', 'pending']);
    expect((await deliveries()).map(({ replay }) => replay)).toEqual([true, false, true, false, false]);
    const [first] = await deliveries();
    expect(first).toMatchObject({ stage: 'backoff', priority: 2, attemptCount: 3, priorAttempts: 3, finishedAt: null });
    expect(first?.wakeAt).toEqual(first?.nextAttemptAt);
  });

  test('spaces deliveries by its rate, in the order of the event log, and returns the first and the last due time', async () => {
    await publish(...Array.from({ length: 20 }, () => started));
    await setStatus('failed');
    const before = Date.now();
    const { body } = await replay({ since: SINCE });
    const due = (await deliveries()).map(dueAt);
    expect(due[0]).toBeGreaterThanOrEqual(before);
    expect(due[0]).toBeLessThanOrEqual(Date.now());
    due.forEach((time, index) => {
      expect(Math.abs(time - (due[0] ?? 0) - index * (1000 / PER_SECOND))).toBeLessThanOrEqual(1);
    });
    expect(Date.parse(body.first_attempt_at)).toBe(due[0]);
    expect(Date.parse(body.last_attempt_at)).toBe(due.at(-1));
  });

  test('lets the reconciler admit each delivery at its time, with the retry policy from its beginning', async () => {
    await publishWithStatuses(['failed', 'failed']);
    await replay({ since: SINCE });
    const { count, admitted } = await wakeDeliveries(api.database.pool, { againAfterMs: 1000 });
    const [first] = await deliveries();
    expect({ count, admitted }).toEqual({ count: 1, admitted: [{ id: first?.id, priority: 2 }] });
    const claimed = await claim(api.database, first?.id ?? '');
    expect(claimed).toMatchObject({ replay: true, attemptCount: 3, priorAttempts: 3, eventId: first?.eventId });
  });

  test('other deliveries later schedules them behind the first replay', async () => {
    await publishWithStatuses(['failed', 'failed', 'skipped', 'skipped']);
    await replay({ since: SINCE, status: 'failed' });
    await replay({ since: SINCE, status: ['skipped'] });
    const due = (await deliveries()).map(dueAt);
    expect(due.map((time) => Math.round((time - (due[0] ?? 0)) / 100))).toEqual([0, 1, 2, 3]);
  });

  test('a second time selects nothing, because pending deliveries are not replayed', async () => {
    await publishWithStatuses(['failed']);
    await replay({ since: SINCE });
    const before = await deliveries();
    const { status, body } = await replay({ since: SINCE });
    expect(status).toBe(200);
    expect(body).toEqual({ count: 0, dry_run: false, first_attempt_at: null, last_attempt_at: null });
    expect(await deliveries()).toEqual(before);
  });

  test('is filtered by type, status and time', async () => {
    await publishWithStatuses(['failed', 'cancelled']);
    await publishWithStatuses(['failed', 'cancelled'], gaps);
    const count = async (body: object) => (await replay({ since: SINCE, dry_run: true, ...body })).body.count;
    const [, second, , fourth] = (await deliveries()).map(({ createdAt }) => createdAt.toISOString());
    const all = { status: ['failed', 'cancelled'] };
    expect(await count(all)).toBe(4);
    expect(await count({})).toBe(2);
    expect(await count({ status: 'cancelled' })).toBe(2);
    expect(await count({ ...all, event_types: ['gaps.*'] })).toBe(2);
    expect(await count({ event_types: ['gaps.updated', 'sync.*'] })).toBe(1);
    expect(await count({ ...all, since: second })).toBe(3);
    expect(await count({ ...all, since: second, until: fourth })).toBe(2);
    expect(await count({ ...all, since: '2999-01-01T00:00:00Z' })).toBe(0);
  });

  test('as a dry run counts, and changes nothing', async () => {
    await publishWithStatuses(['failed', 'skipped']);
    const before = await deliveries();
    const { status, body } = await replay({ since: SINCE, dry_run: true });
    expect(status).toBe(200);
    expect(body).toEqual({ count: 2, dry_run: true, first_attempt_at: null, last_attempt_at: null });
    expect(await deliveries()).toEqual(before);
    expect(await api.database.prisma.webhook.findFirst()).toMatchObject({ replayNextAt: null });
  });

  test('of more deliveries than one chunk keeps one order', async () => {
    for (let batch = 0; batch < 3; batch += 1) await publish(...Array.from({ length: 900 }, () => started));
    await setStatus('failed');
    // Ids follow clocks, and may differ from the order of the event log.
    await api.database.pool.query("UPDATE deliveries SET status = 'succeeded' WHERE event_position % 7 = 0");
    const { body } = await replay({ since: SINCE });
    const due = (await deliveries()).filter(({ status }) => status === 'pending').map(dueAt);
    expect(body.count).toBe(due.length);
    expect(due.length).toBeGreaterThan(2000);
    expect(due).toEqual([...due].sort((one, other) => one - other));
    expect((due.at(-1) ?? 0) - (due[0] ?? 0)).toBeGreaterThan((due.length - 2) * (1000 / PER_SECOND));
  });

  test('selects what is shown as cancelled, also before workers have ended it', async () => {
    await publish(started, started, started);
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: true });
    await publish(started);
    expect((await replay({ since: SINCE, status: 'cancelled' })).body.count).toBe(3);
    await endSuperseded(api.database);
    expect(await storedStatuses()).toEqual(['pending', 'pending', 'pending', 'pending']);
    expect((await deliveries()).map(({ replay }) => replay)).toEqual([true, true, true, false]);
  });

  test('keeps the lease of a delivery that was cancelled in flight, so that no second request starts (I4)', async () => {
    await publish(started);
    const [delivery] = await deliveries();
    const claimed = await claim(api.database, delivery?.id ?? '');
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: true });
    expect((await replay({ since: SINCE, status: 'cancelled' })).body.count).toBe(1);
    expect(await claimDeliveries(api.database.pool, [claimed.id], { leaseMs: 1000, wakeAfterMs: 1000 })).toEqual([]);
    await record(api.database, claimed, 200);
    expect(await deliveries()).toMatchObject([{ status: 'pending', stage: 'backoff', leaseToken: null, attemptCount: 1 }]);
  });
});

describe('a replay', () => {
  test('of a disabled webhook is a 409 that names the remedy', async () => {
    await publishWithStatuses(['failed']);
    await api.as('alice').patch(`/api/webhooks/${webhook}`).send({ enabled: false });
    const { status, body } = await replay({ since: SINCE });
    expect(status).toBe(409);
    expect(body.detail).toContain('{"enabled": true}');
    expect(await storedStatuses()).toEqual(['failed']);
  });

  test('of a webhook of another owner is a 404, and changes nothing (I7)', async () => {
    await publishWithStatuses(['failed']);
    expect((await replay({ since: SINCE }, 'mallory')).status).toBe(404);
    expect(await storedStatuses()).toEqual(['failed']);
  });

  test('does not change deliveries of other webhooks, also of the same owner', async () => {
    await api.as('alice').post('/api/webhooks').send({ url: 'https://example.com/other' });
    await publishWithStatuses(['failed']);
    expect((await replay({ since: SINCE, dry_run: true })).body.count).toBe(1);
    await replay({ since: SINCE });
    expect((await storedStatuses()).sort()).toEqual(['failed', 'pending']);
  });

  test('with invalid fields is a 400 that names each field', async () => {
    const { status, body } = await replay({ until: 'yesterday', status: ['failed', 'lost'], limit: 1 });
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['limit', 'since', 'status[1]', 'until']);
    expect(await storedStatuses()).toEqual([]);
  });
});
