import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { claimDeliveries } from './claim-deliveries.js';
import { recordAttempts } from './record-attempts.js';
import { countWithMissing, readLogPart, replayWithMissing, type LogPart, type MissingFilter } from './replay-missing.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string, values: unknown[] = []) => log.pool.query(change, values);
const filter = (differences: Partial<MissingFilter> = {}): MissingFilter => ({
  webhookId: 'wh_late',
  since: new Date(Date.now() - 3_600_000),
  until: null,
  statuses: [],
  types: null,
  patterns: ['sync.completed'],
  ...differences,
});
const part = (differences: Partial<MissingFilter> = {}) => readLogPart(log.pool, filter(differences));
const replay = async (differences: Partial<MissingFilter> = {}) =>
  (await replayWithMissing(log.pool, filter(differences), await part(differences), 10)).replayed?.count ?? 0;
const count = async (differences: Partial<MissingFilter> = {}) =>
  (await countWithMissing(log.pool, filter(differences), await part(differences))).count;
const events = async () => (await log.deliveries()).map(({ event_id: id, status }) => `${id} ${status}`);

describe('replaying events that a webhook missed', () => {
  test('reaches those from before it was registered, in the order of the log', async () => {
    await log.accept({ id: 'a' }, { id: 'b' }, { id: 'c' });
    await log.addWebhook('wh_late');
    await log.accept({ id: 'd' });
    expect(await count()).toBe(3);
    expect(await replay()).toBe(3);
    const due = (await log.deliveries()).filter(({ stage }) => stage === 'backoff');
    expect(due.map(({ event_id: id }) => id)).toEqual(['a', 'b', 'c']);
    expect(due[0]).toMatchObject({ status: 'pending', priority: 2, attempt_count: 0, finished: false, owner: 'alice' });
    const { rows } = await set(
      'SELECT event_id FROM pending_deliveries JOIN deliveries ON id = delivery_id ORDER BY next_attempt_at DESC',
    );
    expect(rows.slice(0, 3).map(({ event_id: id }: { event_id: string }) => id)).toEqual(['c', 'b', 'a']);
  });

  test('sends each with its event, as a replay', async () => {
    await log.accept({ id: 'a', data: '{"n":1}' });
    await log.addWebhook('wh_late');
    await replay();
    const [delivery] = await log.deliveries();
    expect(await log.claim(delivery?.id ?? '')).toMatchObject({
      eventId: 'a',
      eventData: '{"n":1}',
      replay: true,
      priorAttempts: 0,
    });
  });

  test('adds each delivery once, however often it is repeated', async () => {
    await log.accept({ id: 'a' });
    await log.addWebhook('wh_late');
    expect([await replay(), await replay(), await count()]).toEqual([1, 0, 0]);
    const [delivery] = await log.deliveries();
    await recordAttempts(log.pool, [succeeded(await log.claim(delivery?.id ?? ''))], { wakeAfterMs: 1000, health: HEALTH });
    expect([await replay(), await count()]).toEqual([0, 0]);
    expect(await replay({ statuses: ['succeeded'] })).toBe(1);
  });

  test('leaves out other owners, other types, other times, and types that the webhook does not get', async () => {
    await log.accept(
      { id: 'a' },
      { id: 'of bob', owner: 'bob' },
      { id: 'for all', owner: null },
      { id: 'failed', type: 'sync.failed' },
    );
    await log.addWebhook('wh_late');
    expect(await count()).toBe(2);
    expect(await count({ patterns: ['sync.completed', 'sync.failed'] })).toBe(3);
    expect(await count({ patterns: ['sync.completed', 'sync.failed'], types: ['sync.failed'] })).toBe(1);
    expect(await count({ since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await count({ until: new Date(Date.now() - 60_000) })).toBe(0);
  });

  test('replays deliveries with the chosen statuses as well, and no others', async () => {
    await log.addWebhook('wh_late');
    await log.accept({ id: 'succeeded' }, { id: 'pending' });
    const [, first] = await log.deliveries();
    await recordAttempts(log.pool, [succeeded(await log.claim(first?.id ?? ''))], { wakeAfterMs: 1000, health: HEALTH });
    await set("UPDATE webhooks SET enabled = false, disabled_reason = NULL WHERE id = 'wh_late'");
    await log.accept({ id: 'missed' });
    await set("UPDATE webhooks SET enabled = true WHERE id = 'wh_late'");
    await set(`WITH ended AS (DELETE FROM pending_deliveries RETURNING delivery_id)
      UPDATE deliveries SET status = 'cancelled', finished_at = now() FROM ended WHERE id = delivery_id`);
    expect(await events()).toEqual(['pending cancelled', 'succeeded succeeded']);
    expect(await replay({ statuses: ['cancelled'] })).toBe(2);
    expect(await events()).toEqual(['missed pending', 'pending pending', 'succeeded succeeded']);
  });

  test('adds nothing for a webhook that is disabled', async () => {
    await log.accept({ id: 'a' });
    await log.addWebhook('wh_late', { enabled: false });
    expect(await replay()).toBe(0);
    expect(await log.deliveries()).toEqual([]);
  });

  test('adds nothing for an event whose deliveries are still being written', async () => {
    await log.accept({ id: 'a' });
    await log.addWebhook('wh_late');
    await set(`INSERT INTO expansions (event_position, event_id, event_type, owner, accepted_at, patterns)
      SELECT position, id, type, owner, accepted_at, '{*}' FROM events`);
    expect([await count(), await replay()]).toEqual([0, 0]);
  });

  test('adds a delivery once when two replays do so at the same time', async () => {
    await log.accept({ id: 'a' }, { id: 'b' });
    await log.addWebhook('wh_late');
    const holder = await log.pool.connect();
    await holder.query('BEGIN');
    const first = await replayWithMissing(holder, filter(), await part(), 10);
    const second = replay();
    await log.lockWaits(1);
    await holder.query('COMMIT');
    holder.release();
    expect([first.replayed?.count, await second]).toEqual([2, 0]);
    expect(await events()).toEqual(['a pending', 'b pending']);
  });

  test('continues where a part of the log ended', async () => {
    await log.acceptCalls(Array.from({ length: 1500 }, () => ({})));
    await log.addWebhook('wh_late');
    const { through, ...whole } = await part();
    const counts: number[] = [];
    for (let after: string | null = whole.after; after !== null;) {
      const rest: LogPart = { after, through };
      const { cursor, replayed } = await replayWithMissing(log.pool, filter(), rest, 1000);
      after = cursor;
      counts.push(replayed?.count ?? 0);
    }
    expect(counts).toEqual([1000, 500]);
    const claims = await claimDeliveries(log.pool, [], { leaseMs: 1000, wakeAfterMs: 1000, next: [] });
    expect(claims).toEqual([]);
  });
});

describe('an event whose place in the log is not that of its time', () => {
  /** Lets the event be accepted so many seconds from now, with the deliveries that it has. */
  const acceptAt = (id: string, seconds: number) =>
    set(
      `WITH moved AS (UPDATE events SET accepted_at = now() + make_interval(secs => $2) WHERE id = $1 RETURNING position, accepted_at)
       UPDATE deliveries SET created_at = accepted_at, id = delivery_id_floor(accepted_at) || '-7000-8000-000000000000'
       FROM moved WHERE event_position = position`,
      [id, seconds],
    );

  test('is replayed though an earlier one, which waited for its place, is behind it', async () => {
    await log.accept({ id: 'in time' });
    await log.addWebhook('wh_late');
    await log.accept({ id: 'earlier' });
    await acceptAt('earlier', -20);
    expect(await count({ since: new Date(Date.now() - 10_000) })).toBe(1);
  });

  test('is replayed though a later one is before it', async () => {
    await log.addWebhook('wh_late');
    await log.accept({ id: 'later' });
    await set("UPDATE webhooks SET enabled = false WHERE id = 'wh_late'");
    await log.accept({ id: 'in time' });
    await set("UPDATE webhooks SET enabled = true WHERE id = 'wh_late'");
    await acceptAt('later', 20);
    expect(await count({ until: new Date(Date.now() + 10_000) })).toBe(1);
  });
});

test('a delivery that is replayed with a request under way forgets when its first attempt began', async () => {
  await log.addWebhook('wh_late');
  await log.accept({ id: 'a' });
  const [delivery] = await log.deliveries();
  await log.claim(delivery?.id ?? '');
  await set('UPDATE pending_deliveries SET first_attempt_at = now(), ended = true');
  await set("UPDATE deliveries SET status = 'cancelled', finished_at = now()");
  expect(await replay({ statuses: ['cancelled'] })).toBe(1);
  expect((await set('SELECT first_attempt_at, again FROM pending_deliveries')).rows).toEqual([
    { first_attempt_at: null, again: true },
  ]);
});

test('a part of the log begins and ends near its times', async () => {
  await log.addWebhook('wh_late');
  await log.accept({ id: 'early' });
  await set(
    "UPDATE deliveries SET created_at = created_at - interval '1 day', id = delivery_id_floor(now() - interval '1 day') || '-7000-8000-000000000000'",
  );
  const [early, late] = [...(await set('SELECT position FROM events')).rows, ...(await log.accept({ id: 'late' }))] as {
    position: string;
  }[];
  expect(await part()).toEqual({ after: String(early?.position), through: '9223372036854775807' });
  const hourAgo = new Date(Date.now() - 3_600_000);
  expect(await part({ since: new Date(0), until: hourAgo })).toEqual({ after: '0', through: String(late?.position) });
});
