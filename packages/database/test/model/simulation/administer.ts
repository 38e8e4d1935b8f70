import { replay, retry } from '../retry.js';
import { isSuperseded, type State } from '../state.js';
import { cancel } from '../end.js';
import { remove, setEnabled, setOrdering, setOwnerPaused, setPaused, setUnverified } from '../webhooks.js';
import { add } from './observations.js';
import { enqueue, WAKE_AFTER_MS, type Behaviour, type Simulation } from './simulation.js';

const REPLAYS_PER_SECOND = 10;

/** A change of a webhook, by its owner, an operator, or Tidings. */
export type Change =
  | {
      to: 'enabled' | 'disabled' | 'failing' | 'unordered' | 'fifo' | 'removed' | 'held' | 'released' | 'unverified' | 'verified';
      webhookId: string;
    }
  | { to: 'paused' | 'resumed'; webhookId: string | null };

/** Makes a change of a webhook, or of all (null). */
export function change(simulation: Simulation, { to, webhookId }: Change, { rules }: Behaviour): Simulation {
  return { ...simulation, log: changed(simulation.log) };

  function changed(log: State): State {
    if (to === 'paused' || to === 'resumed') return setPaused(log, webhookId, to === 'paused');
    const id = webhookId ?? '';
    if (to === 'held' || to === 'released') return setOwnerPaused(log, id, to === 'held');
    if (to === 'unverified' || to === 'verified') return setUnverified(log, id, to === 'unverified');
    if (to === 'removed') return remove(log, id);
    if (to === 'unordered' || to === 'fifo') return setOrdering(log, id, to, rules);
    return setEnabled(log, id, to === 'enabled', to === 'failing' ? 'failing' : null, rules);
  }
}

/** Requests the retry of a delivery. The process may crash between its commit and Redis. */
export function requestRetry(simulation: Simulation, index: number, crashes: boolean, { rules }: Behaviour): Simulation {
  const ids = [...simulation.log.deliveries.keys()];
  const id = ids[index % Math.max(1, ids.length)];
  if (id === undefined) return simulation;
  const { state, due } = retry(simulation.log, id, WAKE_AFTER_MS, rules);
  // A pending delivery that is due, or has a request under way, does not change.
  const row = simulation.log.pending.get(id);
  const isPending = row && !row.ended && !isSuperseded(simulation.log, row);
  const next = { ...simulation, log: state };
  return enqueue(isPending ? next : observeRequest(next, id), due && !crashes ? [due.id] : []);
}

/** Cancels one delivery for its owner. */
export function requestCancel(simulation: Simulation, index: number, { rules }: Behaviour): Simulation {
  const ids = [...simulation.log.deliveries.keys()];
  const id = ids[index % Math.max(1, ids.length)];
  if (id === undefined) return simulation;
  const { state, cancelled } = cancel(simulation.log, id, rules);
  if (!cancelled) return simulation;
  const { observed } = simulation;
  const awaited = new Set([...observed.awaited].filter((one) => one !== id));
  return { ...simulation, log: state, observed: { ...observed, awaited, cancelled: new Set([...observed.cancelled, id]) } };
}

/** Replays the deliveries of a webhook that ended. */
export function requestReplay(simulation: Simulation, webhookId: string, { rules }: Behaviour): Simulation {
  const ended = [...simulation.log.deliveries.values()].filter((one) => one.webhookId === webhookId && one.status !== 'pending');
  const ids = ended.map(({ id }) => id);
  const next = { ...simulation, log: replay(simulation.log, webhookId, ids, REPLAYS_PER_SECOND, rules) };
  return ids.reduce(observeRequest, next);
}

/** Remembers a request for a delivery, where its webhook is enabled: a delivery of an earlier generation begins anew. */
function observeRequest(simulation: Simulation, id: string): Simulation {
  const { log, observed } = simulation;
  const webhookId = log.deliveries.get(id)?.webhookId ?? '';
  if (!log.webhooks.get(webhookId)?.enabled) return simulation;
  const isUnderWay = [...observed.leases.values()].some((lease) => lease.id === id && lease.until > log.now);
  return {
    ...simulation,
    observed: {
      ...observed,
      begun: new Map(observed.begun).set(id, observed.changes.get(webhookId) ?? 0),
      requested: add(observed.requested, id),
      cancelled: new Set([...observed.cancelled].filter((one) => one !== id)),
      awaited: isUnderWay ? new Set([...observed.awaited, id]) : observed.awaited,
    },
  };
}
