import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '@tidings/testing';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import * as model from '../../test/model/transitions.js';
import { claim as modelClaim } from '../../test/model/claim.js';
import { record as modelRecord, type Answer } from '../../test/model/record.js';
import { emptyState, type Delivery, type State, type Webhook } from '../../test/model/state.js';
import { addStoppedClock, onStoppedClock, setClock } from '../../test/stopped-clock.js';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { acceptEvents } from './accept-events.js';
import { cancelDeliveries } from './cancel-deliveries.js';
import { claimDeliveries } from './claim-deliveries.js';
import { setDeliveryPause, pauseWebhook } from './pause.js';
import { recordAttempts } from './record-attempts.js';
import { readBacklogged, releaseDeliveries } from './release-deliveries.js';
import { wakeDeliveries } from './wake-deliveries.js';

/** Start of the stopped clock. Both sides compare milliseconds since then. */
const EPOCH = Date.UTC(2026, 0, 1);
const WEBHOOKS: (Pick<Webhook, 'id'> & Partial<Webhook>)[] = [
  { id: 'narrow', maxInFlight: 2 },
  { id: 'ordered', ordering: 'fifo' },
  { id: 'limited', maxInFlight: 5, rateLimit: 10 },
];
const WAKE_AFTER_MS = 15_000;
const CLAIM = { leaseMs: 60_000, wakeAfterMs: WAKE_AFTER_MS };
const RECORD = { wakeAfterMs: WAKE_AFTER_MS, health: { ...HEALTH, disableAfterMs: 600_000 } };

/** Random sequences from the empty log … */
const RUNS = 30;
/** … and after each opening. The numbers are fixed: a slow machine takes longer, and a test that exceeds the time fails. */
const RUNS_AFTER_OPENING = 4;
const AT_MOST_MS = 90_000;

type Action =
  | { do: 'accept'; webhooks: string[] }
  /** Two transactions: the second waits for the lock of the log while the first accepts twice, and commits. */
  | { do: 'acceptConcurrently'; first: string[]; second: string[]; waiting: string[] }
  | { do: 'claim'; picks: number[]; next: string[]; alsoEnded: boolean }
  | { do: 'record'; picks: { claim: number; answer: Answer; retryInMs: number | null }[] }
  | { do: 'wake' }
  | { do: 'release' }
  | { do: 'cancel' | 'disable' | 'enable' | 'remove'; webhook: string }
  | { do: 'pause' | 'resume'; webhook: string | null }
  | { do: 'pass'; ms: number };

const webhook = fc.constantFrom(...WEBHOOKS.map(({ id }) => id));
const picks = <Pick>(pick: fc.Arbitrary<Pick>) => fc.array(pick, { minLength: 1, maxLength: 5 });
const attempt = fc.record({
  /** Index of the claim, counted from the latest. */
  claim: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.nat(30)),
  answer: fc.constantFrom<Answer>(204, 204, 500, 500, null, null, null, 410),
  retryInMs: fc.constantFrom(0, 10_000, 70_000, null),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept' as const), webhooks: picks(webhook) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('acceptConcurrently' as const),
      first: picks(webhook),
      second: picks(webhook),
      waiting: picks(webhook),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      picks: fc.array(fc.nat(30), { maxLength: 5 }),
      next: fc.array(webhook, { maxLength: 5 }),
      alsoEnded: fc.nat(9).map((n) => n === 0),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), picks: picks(attempt) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wake' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 100, 1000, 15_000, 60_000, 300_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel', 'disable', 'enable', 'remove'), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume'), webhook: fc.option(webhook) }) },
);

const accept = (...webhooks: string[]): Action => ({ do: 'accept', webhooks });
/** Claims pending deliveries by their place among these, and so many of the first parked ones of `next`. */
const claim = (places: number[], next: string[] = []): Action => ({ do: 'claim', picks: places, next, alsoEnded: false });
/** Records the responses to the latest claims, the latest first. */
const record = (...answers: Answer[]): Action => ({
  do: 'record',
  picks: answers.map((answer, index) => ({ claim: index, answer, retryInMs: 0 })),
});
const pass = (ms: number): Action => ({ do: 'pass', ms });
const wake: Action = { do: 'wake' };
const release: Action = { do: 'release' };

/** Four requests of `narrow` got no response, so its circuit is open; a minute later the probe is due, and four deliveries wait. */
const OPEN_CIRCUIT: Action[] = [
  accept('narrow', 'narrow', 'narrow', 'narrow', 'narrow'),
  claim([0, 1]),
  record(null, null),
  release,
  claim([2, 3]),
  record(null, null),
  claim([0]),
  release,
  pass(60_000),
];

/** Situations in which a broken rule has an effect. Chance leads to few of them, so each begins some of the sequences. */
const OPENINGS: Record<string, Action[]> = {
  'an open circuit whose probe is due': [...OPEN_CIRCUIT, wake, release, claim([0, 1], ['narrow', 'narrow'])],
  'a probe in flight': [...OPEN_CIRCUIT, release, claim([0], ['narrow']), claim([1, 2], ['narrow']), wake, release],
  'a probe that succeeded': [...OPEN_CIRCUIT, wake, claim([0]), record(204), release, claim([1, 2], ['narrow'])],
  'a probe without a response': [...OPEN_CIRCUIT, wake, claim([0]), record(null), release, pass(60_000), wake],
  'a fifo backlog': [
    accept('ordered', 'ordered', 'ordered'),
    claim([1, 2]),
    claim([0, 1, 2], ['ordered']),
    record(500),
    claim([0, 1], ['ordered']),
    record(204),
    release,
    claim([0, 1], ['ordered']),
  ],
  'retries behind first attempts': [
    accept('narrow', 'narrow'),
    claim([0, 1]),
    accept('narrow', 'narrow', 'narrow'),
    record(500, 500),
    pass(15_000),
    wake,
    claim([0, 1], ['narrow', 'narrow']),
    record(204, 204),
    release,
    claim([0, 1, 2]),
  ],
  'a retry and a first attempt that are parked': [
    accept('narrow', 'narrow'),
    claim([0, 1]),
    record(500, 500),
    accept('narrow', 'narrow', 'narrow'),
    pass(15_000),
    wake,
    claim([2, 3]),
    record(204, 204),
    release,
    release,
  ],
  'a live lease': [accept('narrow', 'narrow'), claim([0, 1]), pass(15_000), wake, claim([0, 1]), record(204), wake],
  'an expired lease': [accept('narrow', 'narrow'), claim([0, 1]), pass(60_000), wake, record(204), claim([0, 1]), record(204)],
  'a lease that another worker took over': [accept('narrow'), claim([0]), pass(60_000), claim([0]), record(204, 204)],
  'transactions that accept at the same time': [
    { do: 'acceptConcurrently', first: ['narrow'], second: ['narrow', 'ordered'], waiting: ['narrow', 'ordered'] },
    claim([0, 1, 2], ['narrow', 'ordered']),
    record(204, 204, 204),
    release,
  ],
  'a rate limit that is used up': [
    accept('limited', 'limited', 'limited', 'limited'),
    claim([0, 1, 2, 3]),
    pass(100),
    claim([1, 2, 3]),
    pass(15_000),
    wake,
    claim([0, 1, 2]),
  ],
  'a pause with a backlog': [
    { do: 'pause', webhook: 'narrow' },
    accept('narrow', 'ordered'),
    claim([0, 1], ['narrow']),
    { do: 'pause', webhook: null },
    claim([0, 1]),
    { do: 'resume', webhook: 'narrow' },
    release,
    { do: 'resume', webhook: null },
    release,
  ],
  'a webhook that its owner disabled': [
    accept('narrow', 'narrow', 'narrow'),
    claim([0]),
    { do: 'disable', webhook: 'narrow' },
    accept('narrow'),
    release,
    claim([1, 2]),
    { do: 'cancel', webhook: 'narrow' },
    record(204),
  ],
  'a webhook that answered 410': [
    accept('narrow', 'narrow', 'narrow'),
    claim([0]),
    record(410),
    accept('narrow'),
    release,
    claim([0, 1]),
  ],
  'a webhook that was deleted': [
    accept('narrow', 'narrow', 'narrow'),
    claim([0]),
    { do: 'remove', webhook: 'narrow' },
    release,
    claim([1, 2]),
    pass(60_000),
    wake,
    claim([0]),
  ],
};

let log: TestLog;
let database: Database;
/** A second connection, for the transaction that waits. */
let waitingDatabase: Database;
beforeAll(async () => {
  log = await openLog();
  await addStoppedClock(log.pool);
  [database, waitingDatabase] = [1, 2].map(() => openDatabase({ url: onStoppedClock(log.url), maxConnections: 1 })) as [
    Database,
    Database,
  ];
});
afterAll(async () => {
  await Promise.all([database.close(), waitingDatabase.close()]);
  await log.close();
});

/** Both sides of one sequence: the model's state, and the database's names for the model's objects. */
interface Both {
  state: State;
  /** The database's ids of deliveries by the model's. */
  ids: Map<string, string>;
  claims: { id: string; token: number; leaseToken: string; url: string; attemptCount: number }[];
}

/** Applies an action to the model and to the database, and compares their results. */
async function act(both: Both, action: Action): Promise<void> {
  const sql = database.pool;
  const { state } = both;
  const real = (id: string) => both.ids.get(id) ?? id;
  switch (action.do) {
    case 'accept': {
      const expected = model.accept(state, action.webhooks, WAKE_AFTER_MS);
      both.state = expected.state;
      const admitted = await acceptFor(sql, action.webhooks, state);
      await mapIds(both);
      expect(admitted).toEqual(expected.admitted.map(real));
      return;
    }
    case 'acceptConcurrently': {
      const first = model.accept(state, action.first, WAKE_AFTER_MS);
      const second = model.accept(first.state, action.second, WAKE_AFTER_MS);
      // It began before the other transaction committed, so it counts the slots of that time.
      const waiting = model.accept(second.state, action.waiting, WAKE_AFTER_MS, undefined, state);
      both.state = waiting.state;
      const holder = await sql.connect();
      await holder.query('BEGIN');
      const admitted = [await acceptFor(holder, action.first, state)];
      const last = acceptFor(waitingDatabase.pool, action.waiting, second.state);
      await eventually(async () => {
        const { rowCount } = await log.pool.query(
          "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()",
        );
        expect(rowCount).toBe(1);
      });
      admitted.push(await acceptFor(holder, action.second, first.state));
      await holder.query('COMMIT');
      holder.release();
      admitted.push(await last);
      await mapIds(both);
      expect(admitted).toEqual([first, second, waiting].map((one) => one.admitted.map(real)));
      return;
    }
    case 'claim': {
      const pending = state.deliveries.filter(({ status }) => status === 'pending');
      const wanted = pick(action.alsoEnded ? state.deliveries : pending, action.picks).map(({ id }) => id);
      const next = WEBHOOKS.map(({ id }) => ({ webhookId: id, count: action.next.filter((one) => one === id).length }));
      const waiting = next.flatMap(({ webhookId, count }) => model.firstParked(state, webhookId, wanted, count));
      const expected = modelClaim(state, [...wanted, ...waiting], CLAIM);
      both.state = expected.state;
      const claims = await claimDeliveries(sql, wanted.map(real), { ...CLAIM, next });
      const byId = new Map(claims.map((claim) => [claim.id, claim]));
      expect(byId.size).toBe(expected.claims.length);
      for (const claim of expected.claims) {
        const actual = byId.get(real(claim.id));
        if (claim.state === 'deferred') expect(actual).toMatchObject({ ...claim, id: real(claim.id) });
        else {
          expect(actual).toMatchObject({ state: 'claimed', attemptCount: claim.attemptCount });
          if (actual?.state === 'claimed') both.claims.push({ ...claim, leaseToken: actual.leaseToken, url: actual.url });
        }
      }
      return;
    }
    case 'record': {
      const chosen = pick(
        [...both.claims].reverse(),
        action.picks.map((one) => one.claim),
      ).map((claim, index) => {
        const { answer = null, retryInMs = null } = action.picks[index] ?? {};
        const retried = retryInMs === null ? ({ status: 'failed' } as const) : ({ status: 'pending', retryInMs } as const);
        return { ...claim, answer, outcome: answer === 204 ? ({ status: 'succeeded' } as const) : retried };
      });
      const expected = modelRecord(state, chosen, RECORD);
      both.state = expected.state;
      const { held } = await recordAttempts(
        sql,
        chosen.map(({ id, leaseToken, url, answer, outcome }) => {
          const lease = { id: real(id), leaseToken, url };
          if (answer === 204) return succeeded(lease);
          return answer === null ? refused(lease, outcome) : answered(lease, answer, outcome);
        }),
        RECORD,
      );
      expect(new Set(held.keys())).toEqual(
        new Set(chosen.filter(({ token }) => expected.held.includes(token)).map(({ leaseToken }) => leaseToken)),
      );
      return;
    }
    case 'wake': {
      const expected = model.wake(state, WAKE_AFTER_MS);
      both.state = expected.state;
      const { admitted } = await wakeDeliveries(sql, WAKE_AFTER_MS);
      expect(admitted.map(({ id }) => id).sort()).toEqual(expected.admitted.map(real).sort());
      return;
    }
    case 'release': {
      const webhookIds = await readBacklogged(sql);
      expect(webhookIds).toEqual(model.backlogged(state));
      const expected = model.release(state, webhookIds, WAKE_AFTER_MS);
      both.state = expected.state;
      const admitted = await releaseDeliveries(sql, webhookIds, WAKE_AFTER_MS);
      expect(admitted.map(({ id }) => id).sort()).toEqual(expected.admitted.map(real).sort());
      return;
    }
    case 'cancel':
      both.state = model.cancel(state, action.webhook);
      await cancelDeliveries(sql, action.webhook);
      return;
    case 'disable':
    case 'enable': {
      const enabled = action.do === 'enable';
      const found = state.webhooks.get(action.webhook);
      if (found) Object.assign(found, { enabled, disabledReason: null });
      await sql.query('UPDATE webhooks SET enabled = $2, disabled_reason = NULL WHERE id = $1', [action.webhook, enabled]);
      return;
    }
    case 'pause':
    case 'resume': {
      const paused = action.do === 'pause';
      if (action.webhook === null) {
        both.state = { ...state, paused };
        await setDeliveryPause(sql, paused, 'an operator');
        return;
      }
      const found = state.webhooks.get(action.webhook);
      if (found) found.paused = paused;
      await pauseWebhook(sql, action.webhook, paused, 'an operator');
      return;
    }
    case 'remove':
      state.webhooks.delete(action.webhook);
      await sql.query('DELETE FROM webhooks WHERE id = $1', [action.webhook]);
      return;
    case 'pass':
      both.state = { ...state, now: state.now + action.ms };
      await setClock(sql, EPOCH + both.state.now);
  }
}

/** Accepts an event for each webhook, whose owner has the webhook's name, in one call. Returns the ids to be enqueued. */
async function acceptFor(sql: Queryable, webhooks: readonly string[], before: State): Promise<string[]> {
  const events = webhooks.map((owner, index) => ({
    id: `evt_${String(before.lastPosition + index + 1)}`,
    type: 'sync.completed',
    owner,
    timestamp: '2026-01-01T00:00:00Z',
    data: '{}',
  }));
  const patterns = new Map([['sync.completed', ['*']]]);
  return (await acceptEvents(sql, [events], { patterns, wakeAfterMs: WAKE_AFTER_MS })).deliveryIds;
}

/** Maps the model's ids of deliveries to the database's. */
async function mapIds({ ids }: Both): Promise<void> {
  const { rows } = await database.pool.query<{ id: string; event_id: string }>('SELECT id, event_id FROM deliveries');
  for (const row of rows) ids.set(row.event_id.replace('evt_', 'dlv_'), row.id);
}

/** Picks items by numbers, each item once, in the order of the numbers. */
function pick<Item>(items: readonly Item[], numbers: readonly number[]): Item[] {
  return items.length === 0 ? [] : [...new Set(numbers.map((number) => items[number % items.length] as Item))];
}

/** Reads the database's state, in the form of `predicted`. */
async function actual(): Promise<unknown> {
  const since = (column: string) => `(extract(epoch FROM ${column}) * 1000 - ${String(EPOCH)})::float8`;
  const { rows } = await database.pool.query(`
    SELECT (
      SELECT coalesce(json_agg(json_build_object('id', replace(event_id, 'evt_', 'dlv_'), 'status', status, 'stage', stage, 'priority', priority,
        'attemptCount', attempt_count, 'nextAttemptAt', ${since('next_attempt_at')}, 'leased', lease_token IS NOT NULL,
        'wakeAt', ${since('wake_at')}) ORDER BY event_position), '[]') FROM deliveries
    ) AS deliveries, (
      SELECT coalesce(json_agg(json_build_object('id', id, 'enabled', enabled, 'disabledReason', disabled_reason, 'paused', paused_at IS NOT NULL,
        'unreachableCount', unreachable_count, 'circuitOpenedAt', ${since('circuit_opened_at')}, 'circuitProbeAt', ${since('circuit_probe_at')},
        'rateNextAt', ${since('rate_next_at')}, 'failingSince', ${since('failing_since')}) ORDER BY id), '[]') FROM webhooks
    ) AS webhooks`);
  return rows[0];
}

/** Returns the model's state, as far as the database stores it. */
function predicted({ deliveries, webhooks }: State): unknown {
  const asRow = ({ id, status, stage, priority, attemptCount, nextAttemptAt, leaseToken, wakeAt }: Delivery) => ({
    id,
    status,
    stage,
    priority,
    attemptCount,
    nextAttemptAt,
    leased: leaseToken !== null,
    wakeAt,
  });
  const health = ({ maxInFlight, ordering, rateLimit, ...shown }: Webhook) => shown;
  return {
    deliveries: deliveries.map(asRow),
    webhooks: [...webhooks.values()].map(health).sort((one, other) => (one.id < other.id ? -1 : 1)),
  };
}

/** Applies the actions to both sides, and compares all deliveries and webhooks after each one. */
async function compare(actions: readonly Action[]): Promise<void> {
  await log.clear();
  await setClock(database.pool, EPOCH);
  const both: Both = { state: emptyState(WEBHOOKS), ids: new Map(), claims: [] };
  for (const { id, ...options } of both.state.webhooks.values()) await log.addWebhook(id, { owner: id, ...options });
  for (const action of actions) {
    await act(both, action);
    expect(await actual()).toEqual(predicted(both.state));
  }
}

const FIXED = { interruptAfterTimeLimit: AT_MOST_MS, markInterruptAsFailure: true };

test(
  'the statements do what the model says, in any sequence',
  async () => {
    const actions = fc.array(action, { minLength: 20, maxLength: 60, size: 'max' });
    await fc.assert(fc.asyncProperty(actions, compare), { numRuns: RUNS, ...FIXED });
  },
  AT_MOST_MS + 30_000,
);

test.each(Object.entries(OPENINGS))(
  'the statements do what the model says after %s',
  async (_, opening) => {
    await compare(opening);
    const continued = fc.array(action, { minLength: 5, maxLength: 15, size: 'max' });
    await fc.assert(
      fc.asyncProperty(continued, (actions) => compare([...opening, ...actions])),
      { numRuns: RUNS_AFTER_OPENING, ...FIXED },
    );
  },
  AT_MOST_MS + 30_000,
);
