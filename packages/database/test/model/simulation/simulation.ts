import type { Answer } from '../health.js';
import { RULES, type Rules } from '../rules.js';
import { emptyState, type State, type Webhook } from '../state.js';
import { newObservations, type Observations } from './observations.js';

/** How the workers and the reconciler behave. A test breaks one point at a time. */
export interface Behaviour {
  rules: Rules;
  /** The reconciler wakes overdue deliveries … */
  wakes: boolean;
  /** … at times however long overdue they are … */
  wakesAll: boolean;
  /** … and admits parked ones. */
  admits: boolean;
  /** Workers expand events. */
  expands: boolean;
  /** A record that was answered `locked` is made again. */
  recordsAgain: boolean;
  /** Only a 2xx counts as success. */
  requires2xx: boolean;
}

/** Workers and a reconciler that keep all rules. */
export const CORRECT: Behaviour = {
  rules: RULES,
  wakes: true,
  wakesAll: true,
  admits: true,
  expands: true,
  recordsAgain: true,
  requires2xx: true,
};

export const MAX_ATTEMPTS = 3;
export const LEASE_MS = 60_000;
export const WAKE_AFTER_MS = 15_000;

export interface Job {
  id: string;
  /** By Redis' clock, which is the workers'. */
  dueAt: number;
}

/** The steps of a worker. Between two of them it may crash, or pause for any time. */
export type Worker =
  | { at: 'idle' }
  | { at: 'dequeued'; job: Job }
  | { at: 'superseded'; job: Job }
  | { at: 'claimed'; job: Job; token: number; attempts: number; slowDowns: number }
  | { at: 'sent'; job: Job; token: number; attempts: number; slowDowns: number; answer: Answer; askedMs: number | null }
  | { at: 'recorded'; job: Job; retryInMs: number | null; backlogged: boolean }
  | { at: 'deferred'; job: Job; retryInMs: number };

/** The whole system: the database, Redis, workers and receivers. */
export interface Simulation {
  log: State;
  /** The workers' clock minus the database's, in milliseconds. */
  skewMs: number;
  /** Redis: a multiset of jobs that may lose them. */
  jobs: Job[];
  workers: Worker[];
  /** What a transaction saw that began to accept and waits for the lock of the log. */
  waiting: { log: State; changes: ReadonlyMap<string, number> } | null;
  /** The webhook that had its turn last in admission. */
  cursor: string;
  /** The time of the reconciler's last round. */
  lastRoundAt: number | null;
  observed: Observations;
}

/** Creates a system with these webhooks and so many idle workers. */
export function createSimulation(webhooks: readonly (Pick<Webhook, 'id'> & Partial<Webhook>)[], workers: number): Simulation {
  return {
    log: emptyState(webhooks),
    skewMs: 0,
    jobs: [],
    workers: Array.from({ length: workers }, () => ({ at: 'idle' })),
    waiting: null,
    cursor: '',
    lastRoundAt: null,
    observed: newObservations(),
  };
}

/** Returns the time by the workers' clock. */
export const workersNow = ({ log, skewMs }: Simulation): number => log.now + skewMs;

/** Adds jobs that are due now. */
export const enqueue = (simulation: Simulation, ids: readonly string[]): Simulation => ({
  ...simulation,
  jobs: [...simulation.jobs, ...ids.map((id) => ({ id, dueAt: workersNow(simulation) }))],
});

/** Sets the state of a worker. */
export const put = (simulation: Simulation, index: number, worker: Worker): Simulation => ({
  ...simulation,
  workers: simulation.workers.with(index, worker),
});
