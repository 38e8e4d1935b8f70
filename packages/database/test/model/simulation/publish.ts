import { accept } from '../accept.js';
import { expand } from '../expand.js';
import { enqueue, WAKE_AFTER_MS, type Behaviour, type Simulation } from './simulation.js';

/** An event that more webhooks match is expanded. */
const EXPAND_BEYOND = 1;

/** Begins a transaction that accepts events. It waits for the lock of the log until the next `publish`, which is its end. */
export function beginPublish(simulation: Simulation): Simulation {
  const { log, observed, waiting } = simulation;
  return { ...simulation, waiting: waiting ?? { log, changes: observed.changes } };
}

/** Publishes an event for each audience. The process may crash between its commit and Redis. */
export function publish(
  simulation: Simulation,
  audiences: readonly (string | null)[],
  admitMax: number,
  crashes: boolean,
  { rules }: Behaviour,
): Simulation {
  const { log, waiting, observed } = simulation;
  const options = { wakeAfterMs: WAKE_AFTER_MS, expandBeyond: EXPAND_BEYOND, admitMax, seen: waiting?.log };
  const { state, admitted } = accept(log, audiences, { ...options, seen: waiting?.log ?? log }, rules);
  const events = audiences.map((audience, index) => ({ position: log.lastPosition + index + 1, audience }));
  const next = { ...simulation, log: state, waiting: null, observed: { ...observed, events: [...observed.events, ...events] } };
  return enqueue(next, crashes ? [] : admitted.map(({ id }) => id));
}

/** Expands one chunk, of one webhook. A crash before its commit leaves no trace. */
export function expandChunk(simulation: Simulation, held: readonly number[], { rules, expands }: Behaviour): Simulation {
  return expands ? { ...simulation, log: expand(simulation.log, { limit: 1, held }, rules).state } : simulation;
}
