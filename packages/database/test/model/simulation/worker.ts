import type { HealthRules } from '../../../src/sql/record-attempts.js';
import { claim, type ClaimOptions, type ModelClaim } from '../claim.js';
import { endSuperseded } from '../end.js';
import type { Answer } from '../health.js';
import { record, type ModelRecord } from '../record.js';
import { add } from './observations.js';
import {
  LEASE_MS,
  MAX_ATTEMPTS,
  put,
  WAKE_AFTER_MS,
  workersNow,
  type Behaviour,
  type Job,
  type Simulation,
  type Worker,
} from './simulation.js';

const RETRY_MS = 10_000;
const HEALTH: HealthRules = { circuitAfter: 3, probeAfterMs: 30_000, probeAtMostMs: 300_000, disableAfterMs: 5 * 86_400_000 };

/**
 * What a worker's step meets: the receiver's answer, in case it sends, with the time that a 429 names, and a row that another
 * transaction has locked.
 */
export interface Step {
  answer: Answer;
  askedMs: number | null;
  locked: boolean;
}

/** Advances a worker by one step. */
export function stepWorker(
  simulation: Simulation,
  index: number,
  { answer, askedMs, locked }: Step,
  behaviour: Behaviour,
): Simulation {
  const worker = simulation.workers[index] ?? { at: 'idle' };
  const { rules } = behaviour;
  switch (worker.at) {
    case 'idle': {
      const due = simulation.jobs.findIndex(({ dueAt }) => dueAt <= workersNow(simulation));
      const job = simulation.jobs[due];
      return job ? put({ ...simulation, jobs: simulation.jobs.toSpliced(due, 1) }, index, { at: 'dequeued', job }) : simulation;
    }
    case 'dequeued': {
      const { job } = worker;
      return claimDeliveries(simulation, index, [job.id], { locked: locked ? [job.id] : [] }, behaviour);
    }
    case 'superseded':
      return put({ ...simulation, log: endSuperseded(simulation.log, [worker.job.id], rules).state }, index, { at: 'idle' });
    case 'claimed': {
      const { observed } = simulation;
      const { id } = worker.job;
      const sent = new Map(observed.sent).set(id, [...(observed.sent.get(id) ?? []), answer]);
      return put({ ...simulation, observed: { ...observed, sent } }, index, { ...worker, at: 'sent', answer, askedMs });
    }
    case 'sent':
      return commit(simulation, index, worker, locked, behaviour);
    case 'recorded':
    case 'deferred': {
      const { job, retryInMs } = worker;
      const jobs = retryInMs === null ? simulation.jobs : [...simulation.jobs, later(simulation, job, retryInMs)];
      const next = put({ ...simulation, jobs }, index, { at: 'idle' });
      const webhookId = simulation.log.deliveries.get(job.id)?.webhookId ?? '';
      if (worker.at === 'deferred' || !worker.backlogged) return next;
      // The worker continues with the webhook's next delivery.
      return claimDeliveries(next, index, [], { next: [{ webhookId, count: 1 }], locked: locked ? [webhookId] : [] }, behaviour);
    }
  }
}

const later = (simulation: Simulation, job: Job, ms: number): Job => ({ ...job, dueAt: workersNow(simulation) + ms });

function claimDeliveries(
  simulation: Simulation,
  index: number,
  ids: readonly string[],
  options: Pick<ClaimOptions, 'next' | 'locked'>,
  { rules }: Behaviour,
): Simulation {
  const { state, claims } = claim(simulation.log, ids, { leaseMs: LEASE_MS, wakeAfterMs: WAKE_AFTER_MS, ...options }, rules);
  const [claimed] = claims;
  return put({ ...simulation, log: state }, index, claimed ? afterClaim(simulation, claimed) : { at: 'idle' });
}

function afterClaim(simulation: Simulation, claimed: ModelClaim): Worker {
  const job = later(simulation, { id: claimed.id, dueAt: 0 }, 0);
  switch (claimed.state) {
    case 'locked':
      return { at: 'dequeued', job };
    case 'deferred':
      return { at: 'deferred', job, retryInMs: claimed.dueInMs };
    case 'superseded':
      return { at: 'superseded', job };
    case 'claimed':
      return {
        at: 'claimed',
        job,
        token: claimed.token,
        attempts: claimed.attemptCount - claimed.priorAttempts,
        slowDowns: claimed.slowDowns,
      };
  }
}

function commit(
  simulation: Simulation,
  index: number,
  worker: Extract<Worker, { at: 'sent' }>,
  isLocked: boolean,
  { rules, requires2xx, recordsAgain }: Behaviour,
): Simulation {
  const { job, token, answer, askedMs, attempts, slowDowns } = worker;
  const { id } = job;
  const { observed } = simulation;
  const throttle = answer === 429 ? { askedMs, jitter: 0 } : null;
  const counted = throttle === null || !rules.throttlesAreNotCounted;
  const exhausted = counted && attempts + 1 >= MAX_ATTEMPTS;
  let outcome: ModelRecord['outcome'] = { status: 'pending', retryInMs: RETRY_MS };
  if (answer === 204 || !requires2xx) outcome = { status: 'succeeded' };
  else if (exhausted || answer === 410) outcome = { status: 'failed' };
  const options = { wakeAfterMs: WAKE_AFTER_MS, health: HEALTH, locked: isLocked ? [id] : [] };
  const { state, held, locked } = record(
    simulation.log,
    [{ id, token, answer, throttle, slowDowns, counted, outcome }],
    options,
    rules,
  );
  if (locked.length > 0 && recordsAgain) return simulation;
  const result = held.get(token);
  if (!result) {
    const unrecorded = observed.expired.has(token) ? add(observed.unrecorded, id) : observed.unrecorded;
    return put({ ...simulation, observed: { ...observed, unrecorded } }, index, { at: 'idle' });
  }
  const byHolder = observed.holders.get(id) === token;
  const recorded = [...observed.recorded, { id, token, throttle, byHolder, succeeded: answer === 204 }];
  const { backlogged, againInMs, heldForMs } = result;
  const retryInMs = againInMs ?? heldForMs ?? (outcome.status === 'pending' && counted ? outcome.retryInMs : null);
  const next = { ...simulation, log: state, observed: { ...observed, recorded } };
  return put(next, index, { at: 'recorded', job, retryInMs, backlogged });
}
