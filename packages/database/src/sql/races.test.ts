import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { answered, HEALTH, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { planReplay } from '../../test/plan-replay.js';
import { acceptEvents } from './accept-events.js';
import { admitNext } from './admit-next.js';
import { advanceLineStarts } from './advance-line-starts.js';
import { cancelDelivery } from './cancel-delivery.js';
import { claimDeliveries, type ClaimedDelivery } from './claim-deliveries.js';
import { endSuperseded, endSupersededNext } from './end-superseded.js';
import { expandNext } from './expand-events.js';
import { recordAttempts } from './record-attempts.js';
import { replayDeliveries } from './replay-deliveries.js';
import { replayWithMissing } from './replay-missing.js';
import { retryDelivery } from './retry-delivery.js';
import { wakeDeliveries } from './wake-deliveries.js';

let log: TestLog;
beforeAll(async () => {
  log = await openLog();
});
afterAll(() => log.close());
beforeEach(() => log.clear());

const WEBHOOKS = ['fifo_1', 'fifo_2', 'wide_1', 'wide_2', 'crowd'];
const STEPS = 200;
const RULES = { wakeAfterMs: 1, health: { ...HEALTH, circuitAfter: 1_000_000 } };
const set = (change: string, values: unknown[] = []) => log.pool.query(change, values);
const any = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];
const slotsOf = (webhookId: string) => (webhookId.startsWith('fifo') ? 1 : 3);
const idsOf = async (where: string) =>
  (await set(`SELECT delivery_id AS id FROM pending_deliveries WHERE ${where} ORDER BY random() LIMIT 5`)).rows.map(
    ({ id }: { id: string }) => id,
  );

/** The deliveries of its webhook's line, and the events still to be written to it, that come before a claimed delivery. */
const before = async (id: string) => {
  const { rows } = await set(
    `WITH claimed AS (SELECT * FROM pending_deliveries WHERE delivery_id = $1)
     SELECT pending.delivery_id AS first FROM claimed JOIN pending_deliveries AS pending USING (webhook_id, generation)
     WHERE pending.event_position < claimed.event_position AND pending.priority < 2 AND NOT pending.ended
     UNION ALL
     SELECT event_id FROM claimed JOIN expansions ON expansions.event_position < claimed.event_position WHERE NOT fifo_done`,
    [id],
  );
  return rows as unknown[];
};

test('any statements at once keep what is promised: slots, one request of a delivery, the fifo line, and a log that agrees', async () => {
  for (const id of WEBHOOKS) {
    const ordering = id.startsWith('fifo') ? 'fifo' : 'unordered';
    await log.addWebhook(id, { maxInFlight: 3, ordering });
  }
  /** The requests under way, by webhook. */
  const underWay = new Map<string, Set<string>>(WEBHOOKS.map((id) => [id, new Set()]));
  const claims: ClaimedDelivery[] = [];
  let number = 0;

  const actions: Record<string, () => Promise<unknown>> = {
    accept: () => {
      const event = {
        type: 'sync.completed',
        owner: any(['alice', null]) ?? null,
        timestamp: '2026-03-01T00:00:00Z',
        data: '{}',
      };
      const events = [1, 2].map(() => ({ ...event, id: `evt_${String((number += 1))}` }));
      return acceptEvents(log.pool, [events], { patterns: new Map([['sync.completed', ['*']]]), wakeAfterMs: 1, admitAtMost: 2 });
    },
    expandLater: () =>
      set(
        `WITH event AS (
           INSERT INTO events (id, type, data, timestamp, accepted_at, position)
           SELECT $1, 'sync.completed', '{}', now(), now(), nextval('events_position_seq')
           FROM lock_log('{}') RIGHT JOIN (SELECT 1) AS one ON true RETURNING *
         )
         INSERT INTO expansions (event_position, event_id, event_type, accepted_at, patterns)
         SELECT position, id, type, accepted_at, '{*}' FROM event`,
        [`evt_${String((number += 1))}`],
      ),
    expand: () => expandNext(log.pool, { limit: 2 }),
    claim: async () => {
      const ids = await idsOf('NOT ended');
      const next = [{ webhookId: any(WEBHOOKS) ?? '', count: 2 }];
      for (const claim of await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 1, next })) {
        if (claim.state === 'superseded') await endSuperseded(log.pool, [claim.id]);
        if (claim.state !== 'claimed') continue;
        const requests = underWay.get(claim.webhookId) as Set<string>;
        expect(requests).not.toContain(claim.id);
        requests.add(claim.id);
        expect(requests.size).toBeLessThanOrEqual(slotsOf(claim.webhookId));
        claims.push(claim);
        if (claim.webhookId.startsWith('fifo') && !claim.replay) expect(await before(claim.id)).toEqual([]);
      }
    },
    record: async () => {
      const [claim] = claims.splice(Math.floor(Math.random() * claims.length), 1);
      if (!claim) return;
      const record = Math.random() < 0.6 ? succeeded(claim) : answered(claim, 500, { status: 'pending', retryInMs: 0 });
      // The request ends before its record: the next claim comes after the commit.
      const requests = underWay.get(claim.webhookId) as Set<string>;
      requests.delete(claim.id);
      for (;;) {
        const { held, locked } = await recordAttempts(log.pool, [record], RULES);
        if (locked.size > 0) continue;
        expect([...held.keys()]).toEqual([claim.leaseToken]);
        return;
      }
    },
    wake: () => wakeDeliveries(log.pool, { againAfterMs: 1 }),
    admit: () => admitNext(log.pool, { after: '', deliveries: 10, perWebhook: 2, wakeAfterMs: 1 }),
    advance: () => advanceLineStarts(log.pool, WEBHOOKS),
    toggle: () => set('UPDATE webhooks SET enabled = NOT enabled WHERE id = $1', [any(WEBHOOKS)]),
    end: () => endSupersededNext(log.pool),
    retry: async () => {
      const { rows } = await set('SELECT id FROM deliveries ORDER BY random() LIMIT 1');
      const [row] = rows as { id: string }[];
      if (row) await retryDelivery(log.pool, 'alice', row.id, 1);
    },
    cancelOne: async () => {
      const { rows } = await set('SELECT id FROM deliveries ORDER BY random() LIMIT 1');
      const [row] = rows as { id: string }[];
      if (row) await cancelDelivery(log.pool, 'alice', row.id, 'alice');
    },
    pause: () =>
      set('UPDATE webhooks SET owner_paused_at = CASE WHEN owner_paused_at IS NULL THEN now() END WHERE id = $1', [
        any(WEBHOOKS),
      ]),
    replayMissing: async () => {
      const part = { after: String(Math.floor(Math.random() * number)), through: String(number) };
      const times = { since: new Date(0), until: null };
      const types = { statuses: ['cancelled'] as const, types: null, patterns: ['sync.completed'] };
      await replayWithMissing(log.pool, { webhookId: any(WEBHOOKS) ?? '', ...times, ...types }, part, 10_000);
    },
    replay: async () => {
      const statuses = ['cancelled', 'failed'] as const;
      const filter = { webhookId: any(WEBHOOKS) ?? '', since: new Date(0), until: null, statuses, types: null };
      for (const chunk of await planReplay(log.pool, filter)) await replayDeliveries(log.pool, filter, chunk, 10_000);
    },
  };
  const weights: [string, number][] = [
    ['accept', 3],
    ['expandLater', 1],
    ['expand', 4],
    ['claim', 8],
    ['record', 8],
    ['wake', 2],
    ['admit', 3],
    ['advance', 3],
    ['toggle', 1],
    ['end', 2],
    ['retry', 2],
    ['replay', 1],
    ['replayMissing', 1],
    ['cancelOne', 2],
    ['pause', 1],
  ];
  const names = weights.flatMap(([name, weight]) => Array.from({ length: weight }, () => name));
  const run = async (count: number) => {
    for (let step = 0; step < count; step += 1) await actions[any(names) ?? 'wake']?.();
  };
  await Promise.all(Array.from({ length: 6 }, () => run(STEPS)));

  while (claims.length > 0) await actions['record']?.();
  const { rows } = await set(`
    SELECT 'pending in the log only' AS fault, id FROM deliveries WHERE status = 'pending'
      AND NOT EXISTS (SELECT FROM pending_deliveries WHERE delivery_id = id AND NOT ended)
    UNION ALL SELECT 'ended in the log only', id FROM deliveries WHERE status <> 'pending'
      AND EXISTS (SELECT FROM pending_deliveries WHERE delivery_id = id AND NOT ended)
    UNION ALL SELECT 'pending without the log', delivery_id FROM pending_deliveries WHERE NOT EXISTS (SELECT FROM deliveries WHERE id = delivery_id)
    UNION ALL SELECT 'finished and pending', id FROM deliveries WHERE (status = 'pending') <> (finished_at IS NULL)
    UNION ALL SELECT 'leased or ended after all is recorded', delivery_id FROM pending_deliveries WHERE lease_token IS NOT NULL OR ended
    UNION ALL SELECT 'parked with a wake time, or admitted without', delivery_id FROM pending_deliveries WHERE (stage = 'parked') <> (wake_at IS NULL)
    UNION ALL SELECT 'twice', min(id) FROM deliveries GROUP BY event_id, webhook_id HAVING count(*) > 1
    UNION ALL SELECT 'with another number of attempts', id FROM deliveries
      WHERE status <> 'pending' AND attempt_count <> (SELECT count(*) FROM attempts WHERE delivery_id = id)
    UNION ALL SELECT 'subscribed wrongly', webhook_id FROM subscriptions JOIN webhooks ON id = webhook_id WHERE NOT is_deliverable(webhooks)`);
  expect(rows).toEqual([]);

  // Nothing is left behind: what is pending can be sent.
  await set('UPDATE webhooks SET enabled = true, owner_paused_at = NULL WHERE NOT enabled OR owner_paused_at IS NOT NULL');
  while ((await expandNext(log.pool)) !== null);
  while ((await endSupersededNext(log.pool)) !== null);
  const left = async () => (await set('SELECT * FROM pending_deliveries')).rows as unknown[];
  // A claim may first give the slot of a fifo webhook back to its line.
  for (let without = 0; (await left()).length > 0;) {
    await set("UPDATE pending_deliveries SET next_attempt_at = now(), wake_at = now() WHERE stage <> 'parked'");
    await wakeDeliveries(log.pool, { againAfterMs: 1 });
    await admitNext(log.pool, { after: '', deliveries: 1000, perWebhook: 100, wakeAfterMs: 1 });
    const admitted = await set("SELECT delivery_id AS id FROM pending_deliveries WHERE stage = 'admitted'");
    const ids = admitted.rows.map(({ id }: { id: string }) => id);
    const results = await claimDeliveries(log.pool, ids, { leaseMs: 60_000, wakeAfterMs: 1 });
    const claimed = results.filter((claim) => claim.state === 'claimed');
    await recordAttempts(log.pool, claimed.map(succeeded), RULES);
    // An event that was accepted while its webhook was disabled and enabled again.
    const superseded = results.filter((claim) => claim.state === 'superseded');
    await endSuperseded(
      log.pool,
      superseded.map(({ id }) => id),
    );
    without = claimed.length > 0 ? 0 : without + 1;
    if (without === 3) expect(await left()).toEqual([]);
  }
  const { rows: statuses } = await set(
    "SELECT DISTINCT status::text FROM deliveries WHERE status NOT IN ('succeeded', 'cancelled')",
  );
  expect(statuses).toEqual([]);
});
