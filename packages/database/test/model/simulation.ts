import type { HealthRules } from '../../src/sql/record-attempts.js';
import { claim } from './claim.js';
import { record, type Answer, type ModelRecord } from './record.js';
import { emptyState, RULES, slotsOf, type Rules, type State, type Webhook } from './state.js';
import { accept, backlogged, release, wake } from './transitions.js';

/** How the workers and the reconciler behave. A test breaks one point at a time. */
export interface Behaviour {
  rules: Rules;
  /** The reconciler wakes overdue deliveries … */
  wakes: boolean;
  /** … and releases parked ones. */
  releases: boolean;
  /** Only a 2xx counts as success. */
  requires2xx: boolean;
}

/** Workers and a reconciler that keep all rules. */
export const CORRECT: Behaviour = { rules: RULES, wakes: true, releases: true, requires2xx: true };

export const MAX_ATTEMPTS = 3;
export const LEASE_MS = 60_000;
const WAKE_AFTER_MS = 15_000;
const RETRY_MS = 10_000;
const HEALTH: HealthRules = { circuitAfter: 3, probeAfterMs: 30_000, probeAtMostMs: 300_000, disableAfterMs: 5 * 86_400_000 };

interface Job {
  id: string;
  /** By Redis' clock, which is the workers'. */
  dueAt: number;
}

/** The steps of a worker. Between two of them it may crash, or pause for any time. */
export type Worker =
  | { at: 'idle' }
  | { at: 'dequeued'; job: Job }
  | { at: 'claimed'; job: Job; token: number; attemptCount: number }
  | { at: 'sent'; job: Job; token: number; attemptCount: number; answer: Answer }
  | { at: 'recorded'; job: Job; retryInMs: number | null }
  | { at: 'deferred'; job: Job; retryInMs: number };

/** One request, as the receiver and an observer of the whole system see it. */
export interface Sent {
  id: string;
  webhookId: string;
  answer: Answer;
  /** The worker still held the lease when it sent. */
  leased: boolean;
  /** The deliveries of its webhook that were ahead in the log and pending at that time. */
  ahead: string[];
}

/** The whole system: the database, Redis, workers and receivers. */
export interface Simulation {
  log: State;
  /** The workers' clock minus the database's, in milliseconds. */
  skewMs: number;
  /** Redis: a multiset of jobs that may lose them. */
  jobs: Job[];
  workers: Worker[];
  sent: Sent[];
  /** By delivery, the token that may record: that of the last claim, until its lease is withdrawn. */
  holders: Map<string, number>;
  /** The tokens of leases that expired before another claim or wake took them. */
  expired: Set<number>;
  /** By delivery, the attempts that were sent and not recorded, because of a crash or an expired lease. */
  unrecorded: Map<string, number>;
  /** The recorded attempts, and whether the holder of the lease recorded them. */
  recorded: { id: string; answer: Answer; byHolder: boolean; status: string }[];
  /** Claims that exceeded the slots of their webhook. */
  beyondBound: string[];
  /** Claims that were made while their webhook, or everything, was paused. */
  whilePaused: string[];
}

/** Creates a system with these webhooks and so many idle workers. */
export function createSimulation(webhooks: readonly (Pick<Webhook, 'id'> & Partial<Webhook>)[], workers: number): Simulation {
  return {
    log: emptyState(webhooks),
    skewMs: 0,
    jobs: [],
    workers: Array.from({ length: workers }, () => ({ at: 'idle' })),
    sent: [],
    holders: new Map(),
    expired: new Set(),
    unrecorded: new Map(),
    recorded: [],
    beyondBound: [],
    whilePaused: [],
  };
}

const workersNow = ({ log, skewMs }: Simulation) => log.now + skewMs;
const enqueue = (simulation: Simulation, ids: readonly string[]): Simulation => ({
  ...simulation,
  jobs: [...simulation.jobs, ...ids.map((id) => ({ id, dueAt: workersNow(simulation) }))],
});
const put = (simulation: Simulation, index: number, worker: Worker): Simulation => ({
  ...simulation,
  workers: simulation.workers.with(index, worker),
});
const add = (counts: ReadonlyMap<string, number>, id: string) => new Map(counts).set(id, (counts.get(id) ?? 0) + 1);

/** Publishes an event for each of these webhooks. The process may crash between its commit and Redis. */
export function publish(
  simulation: Simulation,
  webhookIds: readonly string[],
  crashes: boolean,
  { rules }: Behaviour,
): Simulation {
  const { state, admitted } = accept(simulation.log, webhookIds, WAKE_AFTER_MS, rules);
  return enqueue({ ...simulation, log: state }, crashes ? [] : admitted);
}

/** Runs the reconciler once. It may crash after each commit. */
export function reconcile(simulation: Simulation, crashes: boolean, { rules, wakes, releases }: Behaviour): Simulation {
  let next = simulation;
  if (wakes) {
    const { state, admitted } = wake(next.log, WAKE_AFTER_MS, rules);
    const holders = new Map(next.holders);
    for (const { id, leaseToken } of state.deliveries) if (leaseToken === null) holders.delete(id);
    next = enqueue({ ...next, log: state, holders, expired: expiredLeases(next) }, crashes ? [] : admitted);
  }
  return releases ? releaseParked(next, backlogged(next.log), crashes) : next;
}

/** Adds the leases that have expired by now: a wake or claim that takes any other lease breaks a rule. */
function expiredLeases({ log, expired: before }: Simulation): Set<number> {
  const now = log.deliveries.filter(({ leaseToken, wakeAt }) => leaseToken !== null && wakeAt !== null && wakeAt <= log.now);
  return new Set([...before, ...now.map(({ leaseToken }) => leaseToken ?? 0)]);
}

function releaseParked(simulation: Simulation, webhookIds: readonly string[], crashes: boolean): Simulation {
  const { state, admitted } = release(simulation.log, webhookIds, WAKE_AFTER_MS);
  return enqueue({ ...simulation, log: state }, crashes ? [] : admitted);
}

/** Advances a worker by one step. The answer is that of the receiver, in case the worker sends. */
export function stepWorker(simulation: Simulation, index: number, answer: Answer, behaviour: Behaviour): Simulation {
  const worker = simulation.workers[index] ?? { at: 'idle' };
  switch (worker.at) {
    case 'idle': {
      const due = simulation.jobs.findIndex(({ dueAt }) => dueAt <= workersNow(simulation));
      const job = simulation.jobs[due];
      return job ? put({ ...simulation, jobs: simulation.jobs.toSpliced(due, 1) }, index, { at: 'dequeued', job }) : simulation;
    }
    case 'dequeued':
      return claimJob(simulation, index, worker.job, behaviour);
    case 'claimed':
      return put(send(simulation, worker.job.id, worker.token, answer), index, { ...worker, at: 'sent', answer });
    case 'sent':
      return commit(simulation, index, worker, behaviour);
    case 'recorded':
    case 'deferred': {
      const { job, retryInMs } = worker;
      const jobs =
        retryInMs === null ? simulation.jobs : [...simulation.jobs, { ...job, dueAt: workersNow(simulation) + retryInMs }];
      const next = put({ ...simulation, jobs }, index, { at: 'idle' });
      if (worker.at === 'deferred') return next;
      const webhookId = simulation.log.deliveries.find(({ id }) => id === job.id)?.webhookId;
      return releaseParked(
        next,
        backlogged(simulation.log).filter((id) => id === webhookId),
        false,
      );
    }
  }
}

function claimJob(simulation: Simulation, index: number, job: Job, { rules }: Behaviour): Simulation {
  const { state, claims } = claim(simulation.log, [job.id], { leaseMs: LEASE_MS, wakeAfterMs: WAKE_AFTER_MS }, rules);
  const next = { ...simulation, log: state, expired: expiredLeases(simulation) };
  const [claimed] = claims;
  if (!claimed) return put(next, index, { at: 'idle' });
  if (claimed.state === 'deferred') return put(next, index, { at: 'deferred', job, retryInMs: claimed.dueInMs });
  const { token, attemptCount } = claimed;
  const beyondBound = exceedsSlots(state, job.id) ? [...simulation.beyondBound, job.id] : simulation.beyondBound;
  const whilePaused = isPaused(state, job.id) ? [...simulation.whilePaused, job.id] : simulation.whilePaused;
  return put({ ...next, holders: new Map(simulation.holders).set(job.id, token), beyondBound, whilePaused }, index, {
    at: 'claimed',
    job,
    token,
    attemptCount,
  });
}

function isPaused({ paused, deliveries, webhooks }: State, id: string): boolean {
  return paused || (webhooks.get(deliveries.find((one) => one.id === id)?.webhookId ?? '')?.paused ?? false);
}

function exceedsSlots({ now, deliveries, webhooks }: State, id: string): boolean {
  const webhookId = deliveries.find((one) => one.id === id)?.webhookId ?? '';
  const leased = deliveries.filter(
    (one) => one.webhookId === webhookId && one.leaseToken !== null && (one.wakeAt ?? now + 1) > now,
  );
  const webhook = webhooks.get(webhookId);
  return leased.length > (webhook === undefined ? 0 : slotsOf(webhook));
}

function send(simulation: Simulation, id: string, token: number, answer: Answer): Simulation {
  const { webhookId = '', position = 0 } = simulation.log.deliveries.find((one) => one.id === id) ?? {};
  const ahead = simulation.log.deliveries.filter(
    (one) => one.webhookId === webhookId && one.status === 'pending' && one.position < position,
  );
  const leased = simulation.holders.get(id) === token;
  return { ...simulation, sent: [...simulation.sent, { id, webhookId, answer, leased, ahead: ahead.map((one) => one.id) }] };
}

function commit(
  simulation: Simulation,
  index: number,
  worker: Extract<Worker, { at: 'sent' }>,
  behaviour: Behaviour,
): Simulation {
  const { job, token, answer, attemptCount } = worker;
  const isSuccess = answer === 204 || !behaviour.requires2xx;
  const exhausted = attemptCount + 1 >= MAX_ATTEMPTS;
  const outcome: ModelRecord['outcome'] = isSuccess
    ? { status: 'succeeded' }
    : exhausted || answer === 410
      ? { status: 'failed' }
      : { status: 'pending', retryInMs: RETRY_MS };
  const { state, held } = record(
    simulation.log,
    [{ id: job.id, token, answer, outcome }],
    { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH },
    behaviour.rules,
  );
  if (held.length === 0) {
    const unrecorded = simulation.expired.has(token) ? add(simulation.unrecorded, job.id) : simulation.unrecorded;
    return put({ ...simulation, unrecorded }, index, { at: 'idle' });
  }
  const status = state.deliveries.find(({ id }) => id === job.id)?.status ?? '';
  const recorded = { id: job.id, answer, byHolder: simulation.holders.get(job.id) === token, status };
  return put({ ...simulation, log: state, recorded: [...simulation.recorded, recorded] }, index, {
    at: 'recorded',
    job,
    retryInMs: outcome.status === 'pending' ? outcome.retryInMs : null,
  });
}

/** Crashes a worker, which another process replaces. Redis may give its job to another worker, or lose it. */
export function crashWorker(simulation: Simulation, index: number, redisNotices: boolean): Simulation {
  const worker = simulation.workers[index] ?? { at: 'idle' };
  if (worker.at === 'idle') return simulation;
  const jobs = redisNotices ? [...simulation.jobs, { id: worker.job.id, dueAt: workersNow(simulation) }] : simulation.jobs;
  const unrecorded = worker.at === 'sent' ? add(simulation.unrecorded, worker.job.id) : simulation.unrecorded;
  return put({ ...simulation, jobs, unrecorded }, index, { at: 'idle' });
}

/** Pauses or resumes everything (null) or one webhook. */
export function setPaused(simulation: Simulation, webhookId: string | null, paused: boolean): Simulation {
  if (webhookId === null) return { ...simulation, log: { ...simulation.log, paused } };
  const webhooks = new Map(simulation.log.webhooks);
  const webhook = webhooks.get(webhookId);
  if (webhook) webhooks.set(webhookId, { ...webhook, paused });
  return { ...simulation, log: { ...simulation.log, webhooks } };
}

/** Lets time pass, by both clocks. */
export const passTime = (simulation: Simulation, ms: number): Simulation => ({
  ...simulation,
  log: { ...simulation.log, now: simulation.log.now + ms },
});
/** Sets the database's clock to an earlier or later time; the workers' clock is unchanged. */
export const stepClock = (simulation: Simulation, ms: number): Simulation => ({
  ...passTime(simulation, ms),
  skewMs: simulation.skewMs - ms,
});
/** Makes Redis lose all jobs. */
export const flushRedis = (simulation: Simulation): Simulation => ({ ...simulation, jobs: [] });
/** Adds a job that Redis has already, or that a process enqueues late because it was paused after its commit. */
export const addStrayJob = (simulation: Simulation, index: number): Simulation => {
  const delivery = simulation.log.deliveries[index % Math.max(1, simulation.log.deliveries.length)];
  return delivery ? enqueue(simulation, [delivery.id]) : simulation;
};
