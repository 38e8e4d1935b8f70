import type { HealthRules } from '../../src/sql/record-attempts.js';
import { claim } from './claim.js';
import { record, type Answer, type ModelRecord } from './record.js';
import { emptyState, RULES, slotsOf, type Rules, type State, type Webhook } from './state.js';
import { accept, backlogged, release, wake } from './transitions.js';

/** What else may be wrong with a system: what its workers and its reconciler do. */
export interface Habits {
  rules: Rules;
  /** The reconciler enqueues what is overdue … */
  wakes: boolean;
  /** … and what is parked. */
  releases: boolean;
  /** A worker takes no answer but 2xx for an arrival. */
  believesOnly2xx: boolean;
}

export const HABITS: Habits = { rules: RULES, wakes: true, releases: true, believesOnly2xx: true };

export const MAX_ATTEMPTS = 3;
export const LEASE_MS = 60_000;
const WAKE_AFTER_MS = 15_000;
const RETRY_MS = 10_000;
const HEALTH: HealthRules = { circuitAfter: 3, probeAfterMs: 30_000, probeAtMostMs: 300_000, disableAfterMs: 5 * 86_400_000 };

interface Job {
  id: string;
  /** Of Redis' clock, which is the workers'. */
  dueAt: number;
}

/** Where a worker stands. Between two of them it may crash, or pause for as long as it likes. */
export type Worker =
  | { at: 'idle' }
  | { at: 'took'; job: Job }
  | { at: 'claimed'; job: Job; token: number; attemptCount: number }
  | { at: 'sent'; job: Job; token: number; attemptCount: number; answer: Answer }
  | { at: 'recorded'; job: Job; retryInMs: number | null }
  | { at: 'deferred'; job: Job; retryInMs: number };

/** One request, as the endpoint and an all-seeing observer see it. */
export interface Sent {
  id: string;
  webhookId: string;
  answer: Answer;
  /** The lease was still the worker's when it sent. */
  leased: boolean;
  /** What its webhook had before it in line then, unfinished. */
  ahead: string[];
}

export interface World {
  log: State;
  /** The workers' clock minus the database's, in milliseconds. */
  skewMs: number;
  /** Redis: a multiset that forgets. */
  jobs: Job[];
  workers: Worker[];
  sent: Sent[];
  /** Who may record: the token of the last claim, until its lease is withdrawn. */
  holders: Map<string, number>;
  /** The tokens of leases that their workers lost because they ran out, for which nobody else is to blame. */
  ranOut: Set<number>;
  /** Attempts that a crash, or a lease that ran out, kept from being recorded after they were sent; by delivery. */
  unrecorded: Map<string, number>;
  /** Which attempts were recorded, by whom. */
  recorded: { id: string; answer: Answer; byHolder: boolean; status: string }[];
  /** Claims that went beyond what their webhook may have under way. */
  beyondBound: string[];
  /** Claims that were made while everything, or their webhook, was to wait. */
  whilePaused: string[];
}

export function createWorld(webhooks: readonly (Pick<Webhook, 'id'> & Partial<Webhook>)[], workers: number): World {
  return {
    log: emptyState(webhooks),
    skewMs: 0,
    jobs: [],
    workers: Array.from({ length: workers }, () => ({ at: 'idle' })),
    sent: [],
    holders: new Map(),
    ranOut: new Set(),
    unrecorded: new Map(),
    recorded: [],
    beyondBound: [],
    whilePaused: [],
  };
}

const workersNow = ({ log, skewMs }: World) => log.now + skewMs;
const enqueue = (world: World, ids: readonly string[]): World => ({
  ...world,
  jobs: [...world.jobs, ...ids.map((id) => ({ id, dueAt: workersNow(world) }))],
});
const put = (world: World, index: number, worker: Worker): World => ({ ...world, workers: world.workers.with(index, worker) });
const add = (counts: ReadonlyMap<string, number>, id: string) => new Map(counts).set(id, (counts.get(id) ?? 0) + 1);

/** Events come in. The process may die between its commit and Redis. */
export function publish(world: World, webhookIds: readonly string[], dies: boolean, { rules }: Habits): World {
  const { state, admitted } = accept(world.log, webhookIds, WAKE_AFTER_MS, rules);
  return enqueue({ ...world, log: state }, dies ? [] : admitted);
}

/** One round of the reconciler, which may die at either commit. */
export function reconcile(world: World, dies: boolean, { rules, wakes, releases }: Habits): World {
  let next = world;
  if (wakes) {
    const { state, admitted } = wake(next.log, WAKE_AFTER_MS, rules);
    const holders = new Map(next.holders);
    for (const { id, leaseToken } of state.deliveries) if (leaseToken === null) holders.delete(id);
    next = enqueue({ ...next, log: state, holders, ranOut: ranOut(next) }, dies ? [] : admitted);
  }
  return releases ? releaseParked(next, backlogged(next.log), dies) : next;
}

/** Whoever takes a lease away now, by waking or claiming, takes one that ran out, or is to blame. */
function ranOut({ log, ranOut: before }: World): Set<number> {
  const over = log.deliveries.filter(({ leaseToken, wakeAt }) => leaseToken !== null && wakeAt !== null && wakeAt <= log.now);
  return new Set([...before, ...over.map(({ leaseToken }) => leaseToken ?? 0)]);
}

function releaseParked(world: World, webhookIds: readonly string[], dies: boolean): World {
  const { state, admitted } = release(world.log, webhookIds, WAKE_AFTER_MS);
  return enqueue({ ...world, log: state }, dies ? [] : admitted);
}

/** A worker goes one step on; what the endpoint answers matters when it sends. */
export function step(world: World, index: number, answer: Answer, habits: Habits): World {
  const worker = world.workers[index] ?? { at: 'idle' };
  switch (worker.at) {
    case 'idle': {
      const due = world.jobs.findIndex(({ dueAt }) => dueAt <= workersNow(world));
      const job = world.jobs[due];
      return job ? put({ ...world, jobs: world.jobs.toSpliced(due, 1) }, index, { at: 'took', job }) : world;
    }
    case 'took':
      return take(world, index, worker.job, habits);
    case 'claimed':
      return put(send(world, worker.job.id, worker.token, answer), index, { ...worker, at: 'sent', answer });
    case 'sent':
      return commit(world, index, worker, habits);
    case 'recorded':
    case 'deferred': {
      const { job, retryInMs } = worker;
      const jobs = retryInMs === null ? world.jobs : [...world.jobs, { ...job, dueAt: workersNow(world) + retryInMs }];
      const next = put({ ...world, jobs }, index, { at: 'idle' });
      if (worker.at === 'deferred') return next;
      const webhookId = world.log.deliveries.find(({ id }) => id === job.id)?.webhookId;
      return releaseParked(
        next,
        backlogged(world.log).filter((id) => id === webhookId),
        false,
      );
    }
  }
}

function take(world: World, index: number, job: Job, { rules }: Habits): World {
  const { state, claims } = claim(world.log, [job.id], { leaseMs: LEASE_MS, wakeAfterMs: WAKE_AFTER_MS }, rules);
  const next = { ...world, log: state, ranOut: ranOut(world) };
  const [claimed] = claims;
  if (!claimed) return put(next, index, { at: 'idle' });
  if (claimed.state === 'deferred') return put(next, index, { at: 'deferred', job, retryInMs: claimed.dueInMs });
  const { token, attemptCount } = claimed;
  const bound = exceeds(state, job.id) ? [...world.beyondBound, job.id] : world.beyondBound;
  const early = isPaused(state, job.id) ? [...world.whilePaused, job.id] : world.whilePaused;
  return put({ ...next, holders: new Map(world.holders).set(job.id, token), beyondBound: bound, whilePaused: early }, index, {
    at: 'claimed',
    job,
    token,
    attemptCount,
  });
}

function isPaused({ paused, deliveries, webhooks }: State, id: string): boolean {
  return paused || (webhooks.get(deliveries.find((one) => one.id === id)?.webhookId ?? '')?.paused ?? false);
}

function exceeds({ now, deliveries, webhooks }: State, id: string): boolean {
  const webhookId = deliveries.find((one) => one.id === id)?.webhookId ?? '';
  const leased = deliveries.filter(
    (one) => one.webhookId === webhookId && one.leaseToken !== null && (one.wakeAt ?? now + 1) > now,
  );
  const webhook = webhooks.get(webhookId);
  return leased.length > (webhook === undefined ? 0 : slotsOf(webhook));
}

function send(world: World, id: string, token: number, answer: Answer): World {
  const { webhookId = '', position = 0 } = world.log.deliveries.find((one) => one.id === id) ?? {};
  const ahead = world.log.deliveries.filter(
    (one) => one.webhookId === webhookId && one.status === 'pending' && one.position < position,
  );
  const leased = world.holders.get(id) === token;
  return { ...world, sent: [...world.sent, { id, webhookId, answer, leased, ahead: ahead.map((one) => one.id) }] };
}

function commit(world: World, index: number, worker: Extract<Worker, { at: 'sent' }>, habits: Habits): World {
  const { job, token, answer, attemptCount } = worker;
  const arrived = answer === 204 || !habits.believesOnly2xx;
  const exhausted = attemptCount + 1 >= MAX_ATTEMPTS;
  const outcome: ModelRecord['outcome'] = arrived
    ? { status: 'succeeded' }
    : exhausted || answer === 410
      ? { status: 'failed' }
      : { status: 'pending', retryInMs: RETRY_MS };
  const { state, held } = record(
    world.log,
    [{ id: job.id, token, answer, outcome }],
    { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH },
    habits.rules,
  );
  if (held.length === 0) {
    const unrecorded = world.ranOut.has(token) ? add(world.unrecorded, job.id) : world.unrecorded;
    return put({ ...world, unrecorded }, index, { at: 'idle' });
  }
  const status = state.deliveries.find(({ id }) => id === job.id)?.status ?? '';
  const recorded = { id: job.id, answer, byHolder: world.holders.get(job.id) === token, status };
  return put({ ...world, log: state, recorded: [...world.recorded, recorded] }, index, {
    at: 'recorded',
    job,
    retryInMs: outcome.status === 'pending' ? outcome.retryInMs : null,
  });
}

/** The worker dies, and another process takes its place; Redis may give its job to another, or not. */
export function crash(world: World, index: number, redisNotices: boolean): World {
  const worker = world.workers[index] ?? { at: 'idle' };
  if (worker.at === 'idle') return world;
  const jobs = redisNotices ? [...world.jobs, { id: worker.job.id, dueAt: workersNow(world) }] : world.jobs;
  const unrecorded = worker.at === 'sent' ? add(world.unrecorded, worker.job.id) : world.unrecorded;
  return put({ ...world, jobs, unrecorded }, index, { at: 'idle' });
}

/** An operator has everything (null), or one webhook, wait or go on. */
export function pause(world: World, webhookId: string | null, paused: boolean): World {
  if (webhookId === null) return { ...world, log: { ...world.log, paused } };
  const webhooks = new Map(world.log.webhooks);
  const webhook = webhooks.get(webhookId);
  if (webhook) webhooks.set(webhookId, { ...webhook, paused });
  return { ...world, log: { ...world.log, webhooks } };
}

/** Both clocks go on. */
export const pass = (world: World, ms: number): World => ({ ...world, log: { ...world.log, now: world.log.now + ms } });
/** The database's clock is set, to earlier or later; the workers' is not. */
export const stepClock = (world: World, ms: number): World => ({ ...pass(world, ms), skewMs: world.skewMs - ms });
/** Redis loses everything. */
export const flush = (world: World): World => ({ ...world, jobs: [] });
/** Redis has a job twice, or has one late: from a process that stood still between its commit and Redis. */
export const stray = (world: World, index: number): World => {
  const delivery = world.log.deliveries[index % Math.max(1, world.log.deliveries.length)];
  return delivery ? enqueue(world, [delivery.id]) : world;
};
