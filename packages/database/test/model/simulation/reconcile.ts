import { admitNext, wake } from '../admission.js';
import { endSupersededNext } from '../end.js';
import { enqueue, WAKE_AFTER_MS, workersNow, type Behaviour, type Simulation } from './simulation.js';
import { expandChunk } from './publish.js';

/** The line in Redis is short below the first number, and admission fills it up to the second. */
const SHORT_LINE = 2;
const FULL_LINE = 4;
/** A round looks so far before the last one. */
const OVERLAP_MS = 300_000;

/**
 * Runs the periodic tasks once. The process may crash after each commit.
 *
 * @param all the round looks at all wake times, however long ago they passed: clocks that were set back write such times
 */
export function reconcile(simulation: Simulation, crashes: boolean, all: boolean, behaviour: Behaviour): Simulation {
  let next = simulation;
  if (behaviour.wakes) {
    const { lastRoundAt, log } = simulation;
    const since = lastRoundAt === null || (all && behaviour.wakesAll) ? null : lastRoundAt - OVERLAP_MS;
    const { state, admitted } = wake(log, WAKE_AFTER_MS, since, behaviour.rules);
    next = enqueue({ ...next, log: state, lastRoundAt: log.now }, crashes ? [] : admitted.map(({ id }) => id));
  }
  next = expandChunk(cancelChunk(next, behaviour), [], behaviour);
  return admit(next, crashes, behaviour);
}

/** Fills the line in Redis from the backlogs of the webhooks, which take turns. */
export function admit(simulation: Simulation, crashes: boolean, { rules, admits }: Behaviour): Simulation {
  const line = simulation.jobs.filter(({ dueAt }) => dueAt <= workersNow(simulation)).length;
  if (!admits || line >= SHORT_LINE) return simulation;
  const bounds = { deliveries: FULL_LINE - line, perWebhook: 2, wakeAfterMs: WAKE_AFTER_MS };
  const { state, admitted, cursor } = admitNext(simulation.log, { after: simulation.cursor, ...bounds }, rules);
  return enqueue({ ...simulation, log: state, cursor: cursor ?? '' }, crashes ? [] : admitted.map(({ id }) => id));
}

/** Ends one chunk of the deliveries of earlier generations. */
export function cancelChunk(simulation: Simulation, { rules }: Behaviour): Simulation {
  return { ...simulation, log: endSupersededNext(simulation.log, 2, rules)?.state ?? simulation.log };
}
