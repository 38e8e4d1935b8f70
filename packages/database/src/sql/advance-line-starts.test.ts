import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { flushStatistics } from '@tidings/testing';
import { HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { admitNext } from './admit-next.js';
import { advanceLineStarts, removeEarlierLineStarts } from './advance-line-starts.js';
import { claimDeliveries } from './claim-deliveries.js';
import { expandNext } from './expand-events.js';
import { recordAttempts } from './record-attempts.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const set = (change: string, values: unknown[] = []) => log.pool.query(change, values);
const positionsOf = async () =>
  (await set('SELECT position FROM events ORDER BY position')).rows.map(({ position }: { position: string }) => Number(position));
const startOf = async (webhookId: string) => {
  const { rows } = await log.pool.query<{ start: string }>('SELECT line_start($1) AS start', [webhookId]);
  return Number(rows[0]?.start);
};
const starts = async () => (await set('SELECT webhook_id, position::int FROM line_starts ORDER BY 1, 2')).rows as unknown[];
/** Claims, and records as delivered, these deliveries, and as many parked ones of the webhook. */
const deliver = async (ids: readonly string[], webhookId = '', count = 0) => {
  const next = [{ webhookId, count }];
  const claims = await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 1000, next });
  const claimed = claims.filter((claim) => claim.state === 'claimed');
  await recordAttempts(log.pool, claimed.map(succeeded), { wakeAfterMs: 1000, health: HEALTH });
  return claimed.length;
};

describe('a line starts', () => {
  test('at 0 until it is advanced', async () => {
    await log.addDeliveries(2, { maxInFlight: 1 });
    expect(await starts()).toEqual([]);
    expect(await startOf('wh_unknown')).toBe(0);
  });

  test.each([
    ['admitted', "stage = 'admitted', wake_at = now()"],
    ['leased', "stage = 'admitted', wake_at = now(), lease_token = gen_random_uuid(), leased_until = now() + interval '1 min'"],
    [
      'leased, of an earlier generation',
      "stage = 'admitted', wake_at = now(), generation = 0, lease_token = gen_random_uuid(), leased_until = now()",
    ],
    ['parked', "stage = 'parked', wake_at = NULL"],
    ['waiting for its next attempt, of a fifo webhook', "stage = 'backoff', wake_at = now()"],
  ])('at the first pending delivery that is %s', async (_, change) => {
    const ids = await log.addDeliveries(4, { maxInFlight: 2 });
    const positions = await positionsOf();
    const webhookId = (await log.deliveries())[0]?.webhook_id ?? '';
    await deliver(ids.slice(0, 2));
    await set(`UPDATE pending_deliveries SET ${change} WHERE delivery_id = $1`, [ids[2]]);
    await set('DELETE FROM pending_deliveries WHERE delivery_id = $1', [ids[3]]);
    await advanceLineStarts(log.pool, [webhookId]);
    expect(await startOf(webhookId)).toBe(positions[2]);
  });

  test('behind the last event when nothing is pending, so that the next delivery is in it', async () => {
    const id = await log.addDelivery('one');
    await deliver([id]);
    await advanceLineStarts(log.pool, ['wh_one']);
    expect(await startOf('wh_one')).toBe(((await positionsOf())[0] ?? 0) + 1);
    await set("UPDATE webhooks SET event_types = '{*}', max_in_flight = 1");
    await log.accept({ id: 'next' }, { id: 'later' });
    expect((await log.deliveries()).filter(({ stage }) => stage !== null)).toHaveLength(2);
    expect(await startOf('wh_one')).toBe((await positionsOf())[1]);
    expect(await set('SELECT free_slots(webhooks) AS free, has_parked(webhooks) AS parked FROM webhooks')).toMatchObject({
      rows: [{ free: 0, parked: true }],
    });
  });

  test('behind no retry or replay: their look-ups have bounds of their own', async () => {
    const [first = '', second = ''] = await log.addDeliveries(2, { maxInFlight: 5 });
    await set("UPDATE pending_deliveries SET priority = 1, stage = 'parked', wake_at = NULL WHERE delivery_id = $1", [first]);
    const webhookId = (await log.deliveries())[0]?.webhook_id ?? '';
    await advanceLineStarts(log.pool, [webhookId]);
    expect(await startOf(webhookId)).toBe((await positionsOf())[1]);
    await deliver([second]);
    expect(await deliver([], webhookId, 1)).toBe(1);
  });

  test('behind no event that is still to be expanded, whose deliveries come later', async () => {
    const id = await log.addDelivery('one');
    await set(
      `WITH event AS (
         INSERT INTO events (id, type, data, timestamp, accepted_at) VALUES ('many', 'one', '{}', now(), now()) RETURNING position
       ) INSERT INTO expansions (event_position, event_id, event_type, accepted_at, patterns) SELECT position, 'many', 'one', now(), '{one}' FROM event`,
    );
    await deliver([id]);
    await log.accept({ id: 'behind' });
    await advanceLineStarts(log.pool, ['wh_one']);
    expect(await startOf('wh_one')).toBe((await positionsOf())[1]);
    while ((await expandNext(log.pool)) !== null);
    expect(await deliver([], 'wh_one', 1)).toBe(1);
  });
});

test('only the highest start of a webhook that exists is kept', async () => {
  for (const name of ['one', 'two']) await deliver([await log.addDelivery(name)]);
  const [first = 0, second = 0] = await positionsOf();
  await set("INSERT INTO line_starts VALUES ('wh_one', $1), ('wh_deleted', 1)", [first]);
  await advanceLineStarts(log.pool, ['wh_one', 'wh_two', 'wh_unknown']);
  await removeEarlierLineStarts(log.pool);
  expect(await starts()).toEqual(['wh_one', 'wh_two'].map((id) => ({ webhook_id: id, position: second + 1 })));
  await set("DELETE FROM webhooks WHERE id = 'wh_two'");
  expect(await starts()).toEqual([{ webhook_id: 'wh_one', position: second + 1 }]);
});

test('webhooks with and without a start, of any generation, get their turn', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await log.addWebhook(`wh_${name}`, { maxInFlight: 1 });
  }
  await log.accept({ id: 'first' }, { id: 'second' }, { id: 'third' });
  const admitted = async () =>
    (await log.deliveries()).filter(({ stage }) => stage === 'admitted').map(({ id, webhook_id }) => ({ id, webhook_id }));
  for (const { id } of await admitted()) await deliver([id]);
  await advanceLineStarts(log.pool, ['wh_b', 'wh_c', 'wh_e']);
  // Of wh_c all is of an earlier generation, though no cancellation is noted; wh_d has no line any more; wh_e was deleted.
  await set("UPDATE pending_deliveries SET generation = 0 WHERE webhook_id = 'wh_c'");
  await set("DELETE FROM pending_deliveries WHERE webhook_id = 'wh_d'");
  await set("DELETE FROM webhooks WHERE id = 'wh_e'");
  await set("INSERT INTO line_starts VALUES ('wh_e', 9223372036854775807)");
  await set('DELETE FROM cancellations');

  await admitNext(log.pool, { after: '', deliveries: 100, perWebhook: 10, wakeAfterMs: 1000 });
  expect((await admitted()).map(({ webhook_id: id }) => id).sort()).toEqual(['wh_a', 'wh_b']);
  expect((await set('SELECT webhook_id AS id FROM cancellations ORDER BY 1')).rows).toEqual([{ id: 'wh_c' }, { id: 'wh_e' }]);
});

describe('while a transaction holds back every vacuum', () => {
  const ENDED = 400;

  /** The index entries of `pending_deliveries` that this work reads, those of deleted rows among them. */
  const entriesRead = async (work: () => Promise<unknown>) => {
    const client = await log.pool.connect();
    const read = async () => {
      await flushStatistics(client);
      const { rows } = await client.query<{ read: string }>(
        "SELECT sum(idx_tup_read) AS read FROM pg_stat_user_indexes WHERE relname = 'pending_deliveries'",
      );
      return Number(rows[0]?.read);
    };
    try {
      await read();
      const before = await read();
      await work();
      await flushStatistics(log.pool);
      return (await read()) - before;
    } finally {
      client.release();
    }
  };

  test.each<[string, (sql: TestLog['pool'], webhookId: string) => Promise<unknown>]>([
    ['free_slots', (sql) => sql.query('SELECT free_slots(webhooks) FROM webhooks')],
    ['has_parked', (sql) => sql.query('SELECT has_parked(webhooks) FROM webhooks')],
    ['next_in_line', (sql) => sql.query('SELECT next_in_line(webhooks, 5) FROM webhooks')],
    ['first_in_line', (sql) => sql.query('SELECT first_in_line(webhooks) FROM webhooks')],
    ['next_line', (sql) => sql.query("SELECT next_line('')")],
    ['lock_webhooks', (sql, webhookId) => sql.query('SELECT lock_webhooks($1)', [[webhookId]])],
    ['advance_line_starts', (sql, webhookId) => advanceLineStarts(sql, [webhookId])],
    [
      'claim_deliveries',
      (sql, webhookId) => claimDeliveries(sql, [], { leaseMs: 1, wakeAfterMs: 1, next: [{ webhookId, count: 1 }] }),
    ],
  ])(
    '%s reads no index entries of deliveries that ended before the line start',
    async (_, execute) => {
      const holder = await log.pool.connect();
      try {
        await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = 0');
        await holder.query('SELECT count(*) FROM pending_deliveries');
        const ids = await log.addDeliveries(ENDED, { maxInFlight: 20 });
        const webhookId = (await log.deliveries())[0]?.webhook_id ?? '';
        while ((await deliver(ids, webhookId, 20)) > 0);
        const before = await entriesRead(() => execute(log.pool, webhookId));
        await advanceLineStarts(log.pool, [webhookId]);
        const after = await entriesRead(() => execute(log.pool, webhookId));
        expect({ withoutStart: before > 0.9 * ENDED, withStart: after > 20 }).toEqual({ withoutStart: true, withStart: false });
      } finally {
        await holder.query('ROLLBACK');
        holder.release();
      }
      // Flushing the statistics of PostgreSQL 14 takes seconds each time.
    },
    180_000,
  );
});
