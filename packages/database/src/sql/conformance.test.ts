import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '@tidings/testing';
import { answered, HEALTH, refused, succeeded } from '../../test/attempts.js';
import { openLog, type TestLog } from '../../test/log.js';
import { accept as modelAccept } from '../../test/model/accept.js';
import * as admission from '../../test/model/admission.js';
import { claim as modelClaim } from '../../test/model/claim.js';
import { cancel as modelCancel, endSuperseded as modelEnd, endSupersededNext as modelEndNext } from '../../test/model/end.js';
import { expand as modelExpand } from '../../test/model/expand.js';
import type { Answer } from '../../test/model/health.js';
import { record as modelRecord } from '../../test/model/record.js';
import { replay as modelReplay, retry as modelRetry } from '../../test/model/retry.js';
import { emptyState, type State, type Webhook } from '../../test/model/state.js';
import * as webhooks from '../../test/model/webhooks.js';
import { addStoppedClock, ON_STOPPED_CLOCK, setClock } from '../../test/stopped-clock.js';
import { planReplay } from '../../test/plan-replay.js';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { acceptEvents, MAX_WEBHOOKS_AN_EVENT, type AcceptedDelivery } from './accept-events.js';
import { admitNext, admitOf } from './admit-next.js';
import { advanceLineStarts } from './advance-line-starts.js';
import { cancelDelivery } from './cancel-delivery.js';
import { claimDeliveries } from './claim-deliveries.js';
import { endSuperseded, endSupersededNext } from './end-superseded.js';
import { expandNext } from './expand-events.js';
import { setDeliveryPause, pauseWebhook } from './pause.js';
import { recordAttempts } from './record-attempts.js';
import { replayDeliveries } from './replay-deliveries.js';
import { readLogPart, replayWithMissing } from './replay-missing.js';
import { retryDelivery } from './retry-delivery.js';
import { recordVerification } from './verify-webhooks.js';
import { wakeDeliveries } from './wake-deliveries.js';

/** Start of the stopped clock. Both sides compare milliseconds since then. */
const EPOCH = Date.UTC(2026, 0, 15);
const WEBHOOKS: (Pick<Webhook, 'id'> & Partial<Webhook>)[] = [
  { id: 'narrow', maxInFlight: 2 },
  { id: 'ordered', ordering: 'fifo' },
  { id: 'limited', maxInFlight: 5, rateLimit: 10 },
];
const WAKE_AFTER_MS = 15_000;
/** Enough for all deliveries of a webhook that are to be ended. */
const CHUNK = 2000;
const REPLAYS_PER_SECOND = 10;
const ACCEPT = { wakeAfterMs: WAKE_AFTER_MS, expandBeyond: MAX_WEBHOOKS_AN_EVENT };
const CLAIM = { leaseMs: 60_000, wakeAfterMs: WAKE_AFTER_MS };
const RECORD = { wakeAfterMs: WAKE_AFTER_MS, health: { ...HEALTH, disableAfterMs: 600_000 } };

/** The pattern by which an event for everyone matches. */
const FOR_ALL = 'extraction.*';

/** Rows that another transaction has locked during a statement: pending deliveries by their place, and webhooks. */
interface Locks {
  deliveries: number[];
  webhooks: string[];
}
const NO_LOCKS: Locks = { deliveries: [], webhooks: [] };

/** The statuses of which deliveries are replayed. */
const ENDED = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;

/** Random sequences from the empty log … */
const RUNS = 30;
/** … and after each opening. The numbers are fixed: a slow machine takes longer, and a test that exceeds the time fails. */
const RUNS_AFTER_OPENING = 2;
const AT_MOST_MS = 90_000;

type Action =
  | { do: 'accept'; webhooks: string[]; admitAtMost: number | null }
  /** Two transactions: the second waits for the lock of the log while the first accepts twice, and commits. */
  | { do: 'acceptConcurrently'; first: string[]; second: string[]; waiting: string[] }
  | { do: 'claim'; picks: number[]; next: string[]; alsoEnded: boolean; locks: Locks }
  | {
      do: 'record';
      picks: { claim: number; answer: Answer; counted: boolean; askedMs?: number | null; retryInMs: number | null }[];
      locks: Locks;
    }
  | { do: 'release' | 'cancel' }
  /** `sinceMs`: looks only at wake times of so long ago; null: at all. */
  | { do: 'wake'; sinceMs: number | null }
  /** Accepts an event that so many webhooks match that it is expanded: of one owner, or for everyone (null). */
  | { do: 'acceptForMany'; audience: string | null }
  | { do: 'expand'; limit: number }
  /** Changes only where look-ups begin: the model knows nothing of it. */
  | { do: 'advanceLineStarts' }
  | { do: 'admit'; after: string; deliveries: number; perWebhook: number }
  | { do: 'retry' | 'cancelOne'; delivery: number }
  | { do: 'replay' | 'replayMissing'; webhook: string }
  | { do: 'disable' | 'fail' | 'enable' | 'remove' | 'fifo' | 'unordered'; webhook: string }
  | { do: 'pause' | 'resume'; webhook: string | null }
  /** The owner's pause, which is not the operator's. */
  | { do: 'hold' | 'unhold'; webhook: string }
  /** Its URL is changed, or verified. */
  | { do: 'unverify' | 'verify'; webhook: string }
  /** Below 0: the clock, which was ahead, is set back. */
  | { do: 'pass'; ms: number };

const webhook = fc.constantFrom(...WEBHOOKS.map(({ id }) => id));
const picks = <Pick>(pick: fc.Arbitrary<Pick>) => fc.array(pick, { minLength: 1, maxLength: 5 });
const attempt = fc.record({
  /** Index of the claim, counted from the latest. */
  claim: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.nat(30)),
  answer: fc.constantFrom<Answer>(204, 204, 500, 500, null, null, null, 410, 429, 429, 502),
  askedMs: fc.constantFrom(null, null, 0, 2000, 100_000, 7_200_000),
  counted: fc.constantFrom(true, true, false),
  retryInMs: fc.constantFrom(0, 10_000, 70_000, null),
});
const locks = fc.oneof(
  { weight: 3, arbitrary: fc.constant(NO_LOCKS) },
  {
    weight: 1,
    arbitrary: fc.record({ deliveries: fc.array(fc.nat(10), { maxLength: 3 }), webhooks: fc.array(webhook, { maxLength: 1 }) }),
  },
);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      webhooks: picks(webhook),
      admitAtMost: fc.constantFrom(null, null, 0, 1),
    }),
  },
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
      locks,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('record' as const), picks: picks(attempt), locks }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wake' as const), sinceMs: fc.constantFrom(null, null, 0, 20_000, 300_000) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('release', 'release', 'cancel') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advanceLineStarts' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('expand' as const), limit: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('acceptForMany' as const), audience: fc.option(webhook, { freq: 1 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      after: fc.constantFrom('', 'limited', 'narrow', 'ordered'),
      deliveries: fc.integer({ min: 1, max: 5 }),
      perWebhook: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('retry', 'cancelOne'), delivery: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('replay', 'replayMissing'), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('hold', 'unhold', 'unverify', 'verify'), webhook }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(50, 100, 1000, 15_000, 30_000, 60_000, 300_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(-60_000, -600_000, -3_600_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('disable', 'fail', 'enable', 'enable', 'enable', 'fifo', 'unordered'), webhook }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), webhook }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume'), webhook: fc.option(webhook) }) },
);

const accept = (...webhooks: string[]): Action => ({ do: 'accept', webhooks, admitAtMost: null });
/** Claims pending deliveries by their place among these, and so many of the first parked ones of `next`. */
const claim = (places: number[], next: string[] = [], locks = NO_LOCKS): Action => ({
  do: 'claim',
  picks: places,
  next,
  alsoEnded: false,
  locks,
});
/** Records the responses to the latest claims, the latest first. */
const record = (...answers: Answer[]): Action => ({
  do: 'record',
  picks: answers.map((answer, index) => ({ claim: index, answer, counted: true, retryInMs: 0 })),
  locks: NO_LOCKS,
});
/** Records attempts that the retry policy does not count. */
const recordUncounted = (...answers: Answer[]): Action => ({
  do: 'record',
  picks: answers.map((answer, index) => ({ claim: index, answer, counted: false, retryInMs: 0 })),
  locks: NO_LOCKS,
});
/** Records answers to the latest claims, of which each is 429: the times that they name. */
const recordThrottled = (...asked: (number | null)[]): Action => ({
  do: 'record',
  picks: asked.map((askedMs, index) => ({ claim: index, answer: 429, counted: false, askedMs, retryInMs: 0 })),
  locks: NO_LOCKS,
});
/** Records, as `record` does, while another transaction has rows locked. */
const recordLocked = (locks: Partial<Locks>, ...answers: Answer[]): Action => ({
  ...(record(...answers) as Action & { do: 'record' }),
  locks: { ...NO_LOCKS, ...locks },
});
const pass = (ms: number): Action => ({ do: 'pass', ms });
const wake: Action = { do: 'wake', sinceMs: null };
const release: Action = { do: 'release' };
const cancel: Action = { do: 'cancel' };
const advance: Action = { do: 'advanceLineStarts' };
const expand = (limit: number): Action => ({ do: 'expand', limit });
const change = (to: 'disable' | 'fail' | 'enable' | 'fifo' | 'unordered', webhook: string): Action => ({ do: to, webhook });
const retry = (delivery: number): Action => ({ do: 'retry', delivery });
const replay = (webhook: string): Action => ({ do: 'replay', webhook });
const replayMissing = (webhook: string): Action => ({ do: 'replayMissing', webhook });
const cancelOne = (delivery: number): Action => ({ do: 'cancelOne', delivery });

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
  'a pause of the owner and one of the operator': [
    { do: 'hold', webhook: 'narrow' },
    accept('narrow', 'narrow', 'ordered'),
    { do: 'pause', webhook: 'narrow' },
    claim([0, 1], ['narrow']),
    { do: 'resume', webhook: 'narrow' },
    release,
    claim([0, 1], ['narrow']),
    { do: 'pause', webhook: 'narrow' },
    { do: 'unhold', webhook: 'narrow' },
    release,
    claim([0, 1], ['narrow']),
    { do: 'resume', webhook: 'narrow' },
    release,
  ],
  'a webhook that waits for its verification': [
    { do: 'unverify', webhook: 'narrow' },
    { do: 'unverify', webhook: 'ordered' },
    accept('narrow', 'narrow', 'ordered', 'ordered'),
    claim([0, 1, 2, 3], ['narrow', 'ordered']),
    { do: 'hold', webhook: 'narrow' },
    { do: 'verify', webhook: 'narrow' },
    release,
    claim([0, 1], ['narrow']),
    { do: 'unhold', webhook: 'narrow' },
    { do: 'verify', webhook: 'ordered' },
    release,
    claim([0, 1, 2, 3], ['narrow', 'ordered']),
  ],
  'deliveries that were cancelled one by one': [
    accept('ordered', 'ordered', 'ordered', 'narrow'),
    claim([0, 3]),
    cancelOne(0),
    // Its request is under way: the line goes on when it is recorded.
    claim([1, 2], ['ordered']),
    cancelOne(3),
    record(204, 500),
    claim([0, 1], ['ordered']),
    record(500),
    cancelOne(1),
    cancelOne(1),
    claim([0], ['ordered']),
    retry(1),
  ],
  'a webhook that was not there for events': [
    change('disable', 'narrow'),
    accept('narrow', 'ordered'),
    change('enable', 'narrow'),
    { do: 'acceptForMany', audience: null },
    accept('narrow'),
    claim([0, 1]),
    record(204, 204),
    replayMissing('narrow'),
    pass(100),
    wake,
    claim([0, 1, 2], ['narrow']),
    record(204, 204),
    expand(3),
    expand(3),
    replayMissing('narrow'),
    replayMissing('ordered'),
  ],
  'a webhook that its owner disabled': [
    accept('narrow', 'narrow', 'narrow'),
    claim([0]),
    change('disable', 'narrow'),
    accept('narrow'),
    release,
    claim([1, 2]),
    cancel,
    record(204),
  ],
  'a webhook that is enabled again with a backlog': [
    accept('narrow', 'narrow', 'narrow', 'ordered', 'ordered'),
    claim([0, 3]),
    change('disable', 'narrow'),
    change('fail', 'ordered'),
    change('enable', 'narrow'),
    accept('narrow'),
    change('enable', 'ordered'),
    accept('ordered'),
    claim([0, 1, 2, 3]),
    cancel,
    record(204, 500),
    release,
    claim([0, 1], ['narrow', 'ordered']),
  ],
  'a retry of a delivery that was cancelled with its request under way': [
    accept('ordered', 'ordered'),
    claim([0]),
    change('disable', 'ordered'),
    cancel,
    change('enable', 'ordered'),
    retry(0),
    claim([0]),
    record(500),
    claim([0]),
    retry(1),
    claim([0, 1]),
  ],
  'a delivery that was cancelled with its request under way, before others': [
    accept('narrow', 'narrow', 'ordered'),
    claim([0, 1, 2]),
    change('disable', 'narrow'),
    change('disable', 'ordered'),
    cancel,
    change('enable', 'narrow'),
    change('enable', 'ordered'),
    accept('narrow', 'ordered'),
    // Their slots are in use.
    claim([3, 4], ['narrow', 'ordered']),
    record(204, 204),
    claim([2], ['narrow', 'ordered']),
  ],
  'a requested retry whose old request succeeded': [
    accept('narrow', 'narrow'),
    claim([0, 1]),
    change('disable', 'narrow'),
    cancel,
    change('enable', 'narrow'),
    retry(0),
    replay('narrow'),
    record(204, 204),
    claim([0, 1]),
  ],
  'webhooks with a backlog, which take turns': [
    { do: 'accept', webhooks: ['limited', 'limited', 'limited', 'narrow', 'narrow', 'narrow', 'ordered'], admitAtMost: 0 },
    { do: 'admit', after: 'limited', deliveries: 1, perWebhook: 1 },
    { do: 'admit', after: '', deliveries: 1, perWebhook: 1 },
    { do: 'admit', after: 'narrow', deliveries: 5, perWebhook: 3 },
    { do: 'admit', after: '', deliveries: 5, perWebhook: 2 },
  ],
  'an event for everyone': [
    accept('ordered'),
    { do: 'acceptForMany', audience: null },
    accept('ordered', 'narrow'),
    claim([0, 1, 2]),
    record(204, 204),
    // The event comes before this delivery in the line, and is not written yet.
    claim([0, 1, 2], ['ordered', 'narrow']),
    expand(1),
    release,
    claim([0, 1, 2], ['ordered', 'narrow']),
    change('unordered', 'ordered'),
    change('fifo', 'narrow'),
    expand(1),
    expand(2),
    expand(2),
    expand(3),
  ],
  'an event for everyone that is expanded while webhooks change': [
    { do: 'acceptForMany', audience: null },
    change('fail', 'limited'),
    change('disable', 'narrow'),
    change('enable', 'narrow'),
    expand(3),
    // It is written for `ordered` already, and its second phase comes to it again.
    expand(2),
    change('fifo', 'narrow'),
    expand(1),
    expand(3),
    expand(3),
    expand(3),
  ],
  'an event for many webhooks of an owner': [
    { do: 'acceptForMany', audience: 'ordered' },
    { do: 'acceptForMany', audience: 'narrow' },
    accept('ordered', 'narrow'),
    claim([0, 1]),
    expand(1),
    expand(1),
    claim([0, 1, 2]),
    expand(2),
    change('disable', 'narrow'),
    expand(2),
    expand(1),
    expand(1),
    expand(1),
  ],
  'line starts that were advanced beside a lease': [
    accept('narrow', 'narrow', 'narrow', 'narrow', 'narrow'),
    claim([0, 1]),
    advance,
    claim([], ['narrow']),
    accept('narrow'),
    record(204),
    advance,
    release,
    claim([0, 1, 2, 3], ['narrow']),
    record(204, 204),
    advance,
    accept('narrow'),
  ],
  'line starts that were advanced beside a retry of a fifo webhook': [
    accept('ordered', 'ordered', 'ordered'),
    claim([0]),
    record(500),
    advance,
    release,
    claim([1, 2], ['ordered']),
    accept('ordered'),
    claim([0]),
    record(204),
    advance,
    release,
  ],
  'line starts that were advanced beside an event for everyone': [
    { do: 'acceptForMany', audience: null },
    accept('narrow', 'limited'),
    claim([0, 1]),
    record(204, 204),
    advance,
    expand(3),
    expand(3),
    advance,
    expand(3),
    expand(3),
    release,
    claim([0, 1, 2], ['narrow', 'limited']),
    advance,
    { do: 'admit', after: '', deliveries: 5, perWebhook: 2 },
  ],
  'a parked retry that has waited for long': [
    accept('narrow', 'narrow'),
    claim([0, 1]),
    record(500, 500),
    { do: 'accept', webhooks: ['narrow', 'narrow', 'narrow', 'narrow'], admitAtMost: 0 },
    claim([2, 3]),
    pass(15_000),
    wake,
    pass(30_000),
    record(204, 204),
    release,
    claim([0, 1, 2, 3]),
    record(204),
    claim([0], ['narrow']),
  ],
  'a replay of a cancelled delivery whose worker died': [
    accept('narrow', 'narrow'),
    claim([0, 1]),
    cancelOne(0),
    cancelOne(1),
    replay('narrow'),
    cancelOne(0),
    cancelOne(1),
    pass(60_000),
    replay('narrow'),
    record(204, 204),
  ],
  'a replay of a fifo webhook behind its line': [
    accept('ordered', 'ordered', 'ordered'),
    claim([0]),
    record(204),
    replay('ordered'),
    pass(15_000),
    wake,
    claim([0, 1]),
    pass(60_000),
    wake,
    release,
    claim([0, 1, 2], ['ordered']),
    record(500),
    claim([0, 1, 2], ['ordered']),
  ],
  'replays of a webhook': [
    accept('narrow', 'narrow', 'narrow', 'limited'),
    claim([0, 1]),
    record(204, 204),
    release,
    claim([0]),
    change('disable', 'narrow'),
    cancel,
    change('enable', 'narrow'),
    replay('narrow'),
    claim([0, 1, 2]),
    record(500),
    pass(100),
    claim([0, 1, 2]),
    pass(15_000),
    wake,
    record(204),
    replay('narrow'),
  ],
  'rows that another transaction has locked': [
    accept('narrow', 'narrow', 'narrow', 'ordered', 'limited'),
    claim([0, 1, 3, 4], [], { deliveries: [0], webhooks: ['ordered'] }),
    claim([2], ['narrow'], { deliveries: [2], webhooks: ['limited'] }),
    recordLocked({ deliveries: [4] }, null, null),
    record(null),
    claim([0, 1, 3]),
    recordLocked({ webhooks: ['narrow'] }, 204, 204, null),
    recordLocked({ webhooks: ['narrow'] }, 500),
    record(500, null),
  ],
  'attempts that are not counted': [
    accept('narrow', 'narrow', 'ordered'),
    claim([0, 1, 2]),
    recordUncounted(null, 500, null),
    claim([0, 1, 2]),
    recordUncounted(500, null),
    record(null),
    claim([0, 1, 2]),
    recordLocked({ webhooks: ['narrow'] }, 500, 500),
    retry(0),
  ],
  'a receiver that asked to slow down while requests were under way': [
    accept('limited', 'limited', 'limited', 'limited', 'limited', 'limited'),
    claim([0, 1]),
    recordThrottled(null),
    recordThrottled(null, null),
    claim([0, 1, 2, 3]),
    release,
    pass(1000),
    release,
    claim([0, 1], ['limited', 'limited']),
    recordThrottled(null),
    pass(1000),
    release,
    claim([0, 1]),
    pass(1000),
    release,
    claim([0, 1]),
    record(204),
    release,
    claim([0, 1, 2, 3]),
    pass(1000),
    claim([0, 1, 2, 3], ['limited']),
    record(204),
    pass(1000),
    claim([0, 1, 2, 3], ['limited']),
  ],
  'a receiver that named a time': [
    accept('narrow', 'narrow', 'narrow', 'ordered', 'ordered'),
    claim([0, 1, 3]),
    recordThrottled(2000, 100_000),
    // The late answer of `narrow` names an earlier time.
    recordThrottled(null, null, 2000),
    pass(50_000),
    release,
    claim([0, 1, 2], ['narrow']),
    pass(60_000),
    release,
    claim([0, 1, 2, 3, 4], ['narrow']),
    recordThrottled(7_200_000),
    pass(3_600_000),
    release,
    claim([0, 1, 2], ['narrow', 'ordered']),
    record(502),
    release,
    claim([0, 1, 2], ['narrow', 'narrow']),
  ],
  'a receiver that is overloaded': [
    accept('narrow', 'narrow', 'narrow', 'narrow', 'narrow'),
    claim([0, 1]),
    record(502, 502),
    claim([0, 1]),
    pass(1000),
    claim([0, 1]),
    record(502),
    claim([0, 1, 2], ['narrow']),
    pass(1000),
    claim([0, 1, 2], ['narrow']),
    recordThrottled(null),
    pass(1000),
    release,
    claim([0, 1, 2]),
    record(502),
  ],
  'a clock that was ahead, with a receiver that asked to slow down': [
    accept('narrow', 'narrow', 'narrow'),
    claim([0]),
    recordThrottled(7_200_000),
    pass(-600_000),
    release,
    claim([0, 1, 2]),
    pass(900_000),
    claim([0, 1]),
    pass(-3_600_000),
    claim([0, 1, 2]),
    recordThrottled(null),
    pass(1000),
    claim([0, 1]),
  ],
  'a clock that was ahead, with an open circuit': [
    ...OPEN_CIRCUIT,
    wake,
    claim([0]),
    record(null),
    accept('narrow', 'ordered'),
    claim([4]),
    pass(-3_600_000),
    claim([0, 1, 2, 3]),
    wake,
    release,
    pass(120_000),
    wake,
    claim([0, 1, 2, 3], ['narrow']),
  ],
  'a clock that was ahead, with a rate limit that is used up': [
    accept('limited', 'limited', 'limited', 'limited', 'ordered'),
    claim([0, 1, 4]),
    record(500),
    pass(-600_000),
    claim([0, 1, 2, 3]),
    pass(1000),
    claim([0, 1, 2, 3]),
    wake,
    pass(15_000),
    wake,
    claim([0, 1, 2, 3]),
  ],
  'a webhook that becomes fifo with retries': [
    accept('narrow', 'narrow', 'narrow', 'narrow'),
    claim([0, 1]),
    record(500, 500),
    change('fifo', 'narrow'),
    claim([0, 1, 2, 3]),
    record(204),
    release,
    claim([0, 1, 2], ['narrow']),
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
  [database, waitingDatabase] = [1, 2].map(() => openDatabase({ url: log.url, maxConnections: 1, ...ON_STOPPED_CLOCK })) as [
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
  /** The end of the database's log when the model's was empty. */
  base: number;
  claims: { id: string; token: number; leaseToken: string; url: string; attemptCount: number; slowDowns: number }[];
}

/** Applies an action to the model and to the database, and compares their results. */
async function act(both: Both, action: Action): Promise<void> {
  const sql = database.pool;
  const { state } = both;
  const real = (id: string) => both.ids.get(id) ?? id;
  switch (action.do) {
    case 'accept': {
      const admitAtMost = action.admitAtMost ?? undefined;
      const expected = modelAccept(state, action.webhooks, { ...ACCEPT, admitMax: admitAtMost ?? Infinity });
      both.state = expected.state;
      const admitted = await acceptFor(sql, action.webhooks, state, admitAtMost);
      await mapIds(both);
      expect(admitted).toEqual(named(both, expected.admitted));
      return;
    }
    case 'acceptForMany': {
      both.state = modelAccept(state, [action.audience], { ...ACCEPT, expandBeyond: -1 }).state;
      await withFillers(action.audience, () => acceptFor(sql, [action.audience], state));
      return;
    }
    case 'acceptConcurrently': {
      const first = modelAccept(state, action.first, ACCEPT);
      const second = modelAccept(first.state, action.second, ACCEPT);
      // It began before the other transaction committed, so it counts the slots of that time.
      const waiting = modelAccept(second.state, action.waiting, { ...ACCEPT, seen: state });
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
      expect(admitted).toEqual([first, second, waiting].map((one) => named(both, one.admitted)));
      return;
    }
    case 'claim': {
      const pickable = action.alsoEnded ? [...state.deliveries.keys()] : [...state.pending.keys()];
      const wanted = pick(pickable, action.picks);
      const next = WEBHOOKS.map(({ id }) => ({ webhookId: id, count: action.next.filter((one) => one === id).length }));
      const locked = lockedIn(state, action.locks);
      const expected = modelClaim(state, wanted, { ...CLAIM, next, locked });
      both.state = expected.state;
      const claims = await whileLocked(locked.map(real), () => claimDeliveries(sql, wanted.map(real), { ...CLAIM, next }));
      const byId = new Map(claims.map((claim) => [claim.id, claim]));
      expect(byId.size).toBe(expected.claims.length);
      for (const claim of expected.claims) {
        const actual = byId.get(real(claim.id));
        if (claim.state !== 'claimed') expect(actual).toMatchObject({ ...claim, id: real(claim.id) });
        else {
          const { attemptCount, slowDowns, firstAttemptAgoMs } = claim;
          expect(actual).toMatchObject({ state: 'claimed', attemptCount, slowDowns, firstAttemptAgoMs });
          if (actual?.state === 'claimed') both.claims.push({ ...claim, leaseToken: actual.leaseToken, url: actual.url });
        }
      }
      const superseded = expected.claims.filter((claim) => claim.state === 'superseded').map(({ id }) => id);
      const { state: ended, ...counts } = modelEnd(both.state, superseded);
      both.state = ended;
      expect(await endSuperseded(sql, superseded.map(real))).toEqual(counts);
      return;
    }
    case 'record': {
      const chosen = pick(
        [...both.claims].reverse(),
        action.picks.map((one) => one.claim),
      ).map((claim, index) => {
        const { answer = null, counted = true, askedMs = null, retryInMs = null } = action.picks[index] ?? {};
        const throttle = answer === 429 ? { askedMs, jitter: askedMs === 0 ? 0.5 : 0 } : null;
        const retried = retryInMs === null ? ({ status: 'failed' } as const) : ({ status: 'pending', retryInMs } as const);
        return { ...claim, answer, throttle, counted, outcome: answer === 204 ? ({ status: 'succeeded' } as const) : retried };
      });
      const lockedIds = lockedIn(state, action.locks);
      const expected = modelRecord(state, chosen, { ...RECORD, locked: lockedIds });
      both.state = expected.state;
      const records = chosen.map(({ id, leaseToken, url, answer, throttle, slowDowns, counted, outcome }) => {
        const lease = { id: real(id), leaseToken, url, slowDowns };
        if (answer === 204) return { ...succeeded(lease), counted };
        return { ...(answer === null ? refused(lease, outcome) : answered(lease, answer, outcome)), throttle, counted };
      });
      const { held, locked } = await whileLocked(lockedIds.map(real), () => recordAttempts(sql, records, RECORD));
      const tokens = new Map(chosen.map(({ token, leaseToken }) => [token, leaseToken]));
      expect(held).toEqual(new Map([...expected.held].map(([token, result]) => [tokens.get(token), result])));
      expect(locked).toEqual(new Set(expected.locked.map((token) => tokens.get(token))));
      return;
    }
    case 'retry': {
      const [id] = pick([...state.deliveries.keys()], [action.delivery]);
      if (id === undefined) return;
      const expected = modelRetry(state, id, WAKE_AFTER_MS);
      both.state = expected.state;
      const result = await retryDelivery(sql, state.deliveries.get(id)?.webhookId ?? '', real(id), WAKE_AFTER_MS);
      expect(result?.due).toEqual(expected.due && { ...expected.due, id: real(id) });
      return;
    }
    case 'cancelOne': {
      const [id] = pick([...state.deliveries.keys()], [action.delivery]);
      if (id === undefined) return;
      const expected = modelCancel(state, id);
      both.state = expected.state;
      const result = await cancelDelivery(sql, state.deliveries.get(id)?.webhookId ?? '', real(id), 'an owner');
      expect(result?.cancelled).toBe(expected.cancelled);
      return;
    }
    case 'replayMissing': {
      const { webhook: webhookId } = action;
      both.state = modelReplay(state, webhookId, [...state.deliveries.keys()], REPLAYS_PER_SECOND, undefined, true);
      const patterns = ['sync.completed', 'extraction.completed'];
      const filter = { webhookId, since: new Date(0), until: null, statuses: ENDED, types: null, patterns };
      // The log has events of earlier sequences only before its base.
      const part = { ...(await readLogPart(sql, filter)), after: String(both.base) };
      await replayWithMissing(sql, filter, part, REPLAYS_PER_SECOND);
      await mapIds(both);
      return;
    }
    case 'replay': {
      const { webhook: webhookId } = action;
      both.state = modelReplay(state, webhookId, [...state.deliveries.keys()], REPLAYS_PER_SECOND);
      const filter = { webhookId, since: new Date(0), until: null, statuses: ENDED, types: null };
      for (const chunk of await planReplay(sql, filter)) await replayDeliveries(sql, filter, chunk, REPLAYS_PER_SECOND);
      return;
    }
    case 'wake': {
      const since = action.sinceMs === null ? null : state.now - action.sinceMs;
      const expected = admission.wake(state, WAKE_AFTER_MS, since);
      both.state = expected.state;
      const bounds = since === null ? {} : { since: EPOCH + since };
      const { admitted } = await wakeDeliveries(sql, { againAfterMs: WAKE_AFTER_MS, ...bounds });
      expect(byId(admitted)).toEqual(byId(named(both, expected.admitted)));
      return;
    }
    case 'release': {
      const webhookIds = admission.backlogged(state);
      const expected = admission.admitOf(state, webhookIds, WAKE_AFTER_MS);
      both.state = expected.state;
      expect(byId(await admitOf(sql, webhookIds, WAKE_AFTER_MS))).toEqual(byId(named(both, expected.admitted)));
      return;
    }
    case 'admit': {
      const { after, deliveries, perWebhook } = action;
      const options = { after, deliveries, perWebhook, wakeAfterMs: WAKE_AFTER_MS };
      const expected = admission.admitNext(state, options);
      both.state = expected.state;
      const { admitted, cursor } = await admitNext(sql, options);
      expect({ admitted: byId(admitted), cursor }).toEqual({
        admitted: byId(named(both, expected.admitted)),
        cursor: expected.cursor,
      });
      return;
    }
    case 'advanceLineStarts': {
      await advanceLineStarts(
        sql,
        WEBHOOKS.map(({ id }) => id),
      );
      return;
    }
    case 'expand': {
      const { state: expanded, chunk } = modelExpand(state, { limit: action.limit });
      both.state = expanded;
      const result = await expandNext(sql, { limit: action.limit });
      await mapIds(both);
      expect(result && { ...result.written, position: result.position - both.base, done: result.done }).toEqual(
        chunk && { deliveries: chunk.written, skipped: chunk.skipped, position: chunk.position, done: chunk.done },
      );
      return;
    }
    case 'cancel': {
      // Cancellations that were requested at the same time have no order, so all are done.
      for (let ended = modelEndNext(both.state, CHUNK); ended; ended = modelEndNext(both.state, CHUNK)) both.state = ended.state;
      while ((await endSupersededNext(sql)) !== null);
      return;
    }
    case 'disable':
    case 'fail':
    case 'enable': {
      const enabled = action.do === 'enable';
      const reason = action.do === 'fail' ? 'failing' : null;
      both.state = webhooks.setEnabled(state, action.webhook, enabled, reason);
      await sql.query('UPDATE webhooks SET enabled = $2, disabled_reason = $3 WHERE id = $1', [action.webhook, enabled, reason]);
      return;
    }
    case 'fifo':
    case 'unordered':
      both.state = webhooks.setOrdering(state, action.webhook, action.do);
      await sql.query('UPDATE webhooks SET ordering = $2 WHERE id = $1', [action.webhook, action.do]);
      return;
    case 'pause':
    case 'resume': {
      const paused = action.do === 'pause';
      both.state = webhooks.setPaused(state, action.webhook, paused);
      await (action.webhook === null
        ? setDeliveryPause(sql, paused, 'an operator')
        : pauseWebhook(sql, action.webhook, paused, 'an operator'));
      return;
    }
    case 'unverify':
      both.state = webhooks.setUnverified(state, action.webhook, true);
      await sql.query('UPDATE webhooks SET unverified_since = now() WHERE id = $1', [action.webhook]);
      return;
    case 'verify':
      both.state = webhooks.setUnverified(state, action.webhook, false);
      await recordVerification(sql, { webhookId: action.webhook, url: `https://example.com/${action.webhook}`, error: null });
      return;
    case 'hold':
    case 'unhold':
      both.state = webhooks.setOwnerPaused(state, action.webhook, action.do === 'hold');
      await sql.query('UPDATE webhooks SET owner_paused_at = CASE WHEN $2 THEN now() END WHERE id = $1', [
        action.webhook,
        action.do === 'hold',
      ]);
      return;
    case 'remove':
      both.state = webhooks.remove(state, action.webhook);
      await sql.query('DELETE FROM webhooks WHERE id = $1', [action.webhook]);
      return;
    case 'pass':
      both.state = { ...state, now: state.now + action.ms };
      await setClock(sql, EPOCH + both.state.now);
  }
}

/**
 * Accepts an event for each webhook, whose owner has the webhook's name, or for everyone (null), in one call. Returns the
 * deliveries to be enqueued, without the positions of their events.
 */
async function acceptFor(
  sql: Queryable,
  audiences: readonly (string | null)[],
  before: State,
  admitAtMost?: number,
): Promise<Omit<AcceptedDelivery, 'position'>[]> {
  const events = audiences.map((owner, index) => ({
    id: `evt_${String(before.lastPosition + index + 1)}`,
    type: owner === null ? 'extraction.completed' : 'sync.completed',
    owner,
    timestamp: '2026-01-01T00:00:00Z',
    data: '{}',
  }));
  const patterns = new Map([
    ['sync.completed', ['*']],
    ['extraction.completed', [FOR_ALL]],
  ]);
  const { admitted } = await acceptEvents(sql, [events], { patterns, wakeAfterMs: WAKE_AFTER_MS, admitAtMost });
  return admitted.map(({ id, first }) => ({ id, first }));
}

/** Runs `work` while so many more webhooks match the events of an owner, or of everyone (null), that these are expanded. */
async function withFillers(owner: string | null, work: () => Promise<unknown>): Promise<void> {
  const fillers = `generate_series(0, ${String(MAX_WEBHOOKS_AN_EVENT)}) AS n`;
  const change = async (text: string, values: readonly unknown[]) => {
    const client = await log.pool.connect();
    await client.query('BEGIN');
    // Without triggers: a webhook that is deleted would be noted in cancellations.
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(text, [...values]);
    await client.query('COMMIT');
    client.release();
  };
  if (owner === null)
    await change(`INSERT INTO subscriptions (pattern, webhook_id) SELECT $1, 'filler ' || n FROM ${fillers}`, [FOR_ALL]);
  else
    await change(
      `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
       SELECT 'filler ' || n, $1, 'https://example.com', ARRAY['*'], '' FROM ${fillers}`,
      [owner],
    );
  await work();
  await change(
    `DELETE FROM ${owner === null ? 'subscriptions' : 'webhooks'} WHERE ${owner === null ? 'webhook_id' : 'id'} LIKE 'filler %'`,
    [],
  );
}

/** Returns the model's ids of the rows that are locked. */
function lockedIn({ pending, webhooks: present }: State, { deliveries, webhooks: ofLocks }: Locks): string[] {
  return [...pick([...pending.keys()], deliveries), ...ofLocks.filter((id) => present.has(id))];
}

/** Runs `work` while another transaction has these deliveries and webhooks locked. */
async function whileLocked<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
  if (ids.length === 0) return work();
  const lock = `WITH delivery AS MATERIALIZED (SELECT FROM pending_deliveries WHERE delivery_id = ANY ($1) FOR UPDATE),
    webhook AS MATERIALIZED (SELECT FROM webhooks WHERE id = ANY ($1) FOR UPDATE)
    SELECT (SELECT count(*) FROM delivery), (SELECT count(*) FROM webhook)`;
  return log.whileHeld(lock, [ids], work);
}

/** Gives deliveries of the model the database's ids. */
function named<Row extends { id: string }>({ ids }: Both, rows: readonly Row[]): Omit<Row, 'position'>[] {
  return rows.map((row) => {
    const copy: Row & { position?: number } = { ...row, id: ids.get(row.id) ?? row.id };
    delete copy.position;
    return copy;
  });
}

const byId = <Row extends { id: string }>(rows: readonly Row[]) => [...rows].sort((one, other) => (one.id < other.id ? -1 : 1));

/** Maps the model's ids of deliveries to the database's. */
async function mapIds({ ids, state }: Both): Promise<void> {
  const { rows } = await database.pool.query<{ id: string; event_id: string; webhook_id: string }>(
    'SELECT id, event_id, webhook_id FROM deliveries',
  );
  const found = new Map(rows.map((row) => [`${row.event_id} ${row.webhook_id}`, row.id]));
  for (const { id, position, webhookId } of state.deliveries.values())
    ids.set(id, found.get(`evt_${String(position)} ${webhookId}`) ?? 'missing');
}

/** Picks items by numbers, each item once, in the order of the numbers. */
function pick<Item>(items: readonly Item[], numbers: readonly number[]): Item[] {
  return items.length === 0 ? [] : [...new Set(numbers.map((number) => items[number % items.length] as Item))];
}

/** Reads the database's state, in the form of `predicted`. */
async function actual({ base }: Both): Promise<unknown> {
  const since = (column: string) => `(extract(epoch FROM ${column}) * 1000 - ${String(EPOCH)})::float8`;
  const delivery = (columns: string) =>
    `json_build_object('webhookId', webhook_id, 'position', event_position - ${String(base)}, ${columns})`;
  const { rows } = await database.pool.query(`
    SELECT (
      SELECT coalesce(json_agg(${delivery("'status', status, 'attemptCount', attempt_count, 'replay', replay")}
        ORDER BY event_position, webhook_id), '[]') FROM deliveries
    ) AS deliveries, (
      SELECT coalesce(json_agg(${delivery(`'generation', generation, 'stage', stage, 'priority', priority, 'attemptCount', attempt_count,
        'priorAttempts', prior_attempts, 'replay', replay, 'firstAttemptAt', ${since('first_attempt_at')}, 'nextAttemptAt', ${since('next_attempt_at')},
        'wakeAt', ${since('wake_at')}, 'leased', lease_token IS NOT NULL, 'leasedUntil', ${since('leased_until')}, 'ended', ended, 'again', again,
        'resent', resent`)}
        ORDER BY event_position, webhook_id), '[]') FROM pending_deliveries
    ) AS pending, (
      SELECT coalesce(json_agg(json_build_object('id', id, 'enabled', enabled, 'disabledReason', disabled_reason, 'generation', generation,
        'fromPosition', from_position - ${String(base)}, 'supersededStatus', superseded_status, 'paused', paused_at IS NOT NULL, 'ownerPaused', owner_paused_at IS NOT NULL,
        'unverified', unverified_since IS NOT NULL,
        'ordering', ordering, 'unreachableCount', unreachable_count, 'circuitOpenedAt', ${since('circuit_opened_at')},
        'circuitProbeAt', ${since('circuit_probe_at')}, 'rateNextAt', ${since('rate_next_at')},
        'replayNextAt', ${since('replay_next_at')}, 'failingSince', ${since('failing_since')},
        'throttledUntil', ${since('throttled_until')}, 'backoffCount', backoff_count, 'slowDowns', slow_downs,
        'slowedAt', ${since('slowed_at')}, 'learnedRate', learned_rate, 'learnedFrom', learned_from) ORDER BY id), '[]') FROM webhooks
    ) AS webhooks, (
      SELECT coalesce(json_agg(json_build_object('position', event_position - ${String(base)}, 'fifoDone', fifo_done,
        'fifoCursor', fifo_cursor, 'cursor', cursor) ORDER BY event_position), '[]') FROM expansions
    ) AS expansions, (
      SELECT coalesce(json_agg(webhook_id ORDER BY webhook_id), '[]') FROM cancellations
    ) AS cancellations`);
  return rows[0];
}

/** Returns the model's state, as far as the database stores it. */
function predicted({ deliveries, pending, webhooks: ofState, expansions, cancellations }: State): unknown {
  const inOrder = <Row extends { position: number; webhookId: string }>(rows: Iterable<Row>) =>
    [...rows].sort((one, other) => one.position - other.position || (one.webhookId < other.webhookId ? -1 : 1));
  return {
    deliveries: inOrder(deliveries.values()).map(({ id: _, ...row }) => row),
    pending: inOrder(pending.values()).map(({ id: _, leaseToken, wakeAt, ...row }) => ({
      ...row,
      wakeAt: inMicroseconds(wakeAt),
      leased: leaseToken !== null,
    })),
    webhooks: [...ofState.values()]
      .map(({ maxInFlight: _, rateLimit: __, rateNextAt, throttledUntil, ...shown }) => ({
        ...shown,
        rateNextAt: inMicroseconds(rateNextAt),
        throttledUntil: inMicroseconds(throttledUntil),
      }))
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
    expansions: expansions.map(({ audience: _, ...row }) => row),
    cancellations: [...cancellations].sort(),
  };
}

/** Rounds a time as PostgreSQL stores it: sums of milliseconds have inexact fractions. */
const inMicroseconds = (ms: number | null) => ms && Math.round(ms * 1000) / 1000;

/** Applies the actions to both sides, and compares all deliveries and webhooks after each one. */
async function compare(actions: readonly Action[]): Promise<void> {
  await log.clear();
  await setClock(database.pool, EPOCH);
  const { rows } = await log.pool.query<{ base: number }>('SELECT end_of_log()::int AS base');
  const both: Both = { state: emptyState(WEBHOOKS), ids: new Map(), base: rows[0]?.base ?? 0, claims: [] };
  for (const { id, ...options } of both.state.webhooks.values())
    await log.addWebhook(id, { owner: id, ...options, eventTypes: ['*', FOR_ALL] });
  for (const action of actions) {
    await act(both, action);
    expect(await actual(both)).toEqual(predicted(both.state));
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

describe.each(Object.entries(OPENINGS))('the statements do what the model says after %s', (_, opening) => {
  test('at once', () => compare(opening));

  test(
    'in any sequence',
    async () => {
      const continued = fc.array(action, { minLength: 5, maxLength: 15, size: 'max' });
      await fc.assert(
        fc.asyncProperty(continued, (actions) => compare([...opening, ...actions])),
        { numRuns: RUNS_AFTER_OPENING, ...FIXED },
      );
    },
    AT_MOST_MS + 30_000,
  );
});
