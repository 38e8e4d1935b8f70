import { isLeased } from '../state.js';
import { isCurrent } from './judge.js';
import { MAX_ATTEMPTS, type Simulation } from './simulation.js';

/** Checks the properties that must hold at every moment, and returns a line for each violation. */
export function violations(simulation: Simulation): string[] {
  const { log, observed } = simulation;
  const found = [...observed.found];
  const written = new Set<string>();
  for (const { id, webhookId, position, status } of log.deliveries.values()) {
    const row = log.pending.get(id);
    if (status === 'pending' && (!row || row.ended)) found.push(`I2: ${id} is pending, and nobody will look at it.`);
    const answers = observed.sent.get(id) ?? [];
    const arrivals = answers.filter((answer) => answer === 204).length;
    if (status === 'succeeded' && arrivals === 0) found.push(`I3: ${id} succeeded without arriving.`);
    const requested = observed.requested.get(id) ?? 0;
    const repeats = allowedRepeats(simulation, id);
    if (arrivals > 1 + requested + repeats) found.push(`I4: ${id} arrived ${String(arrivals)} times.`);
    const counted = answers.filter((answer) => answer !== 429).length;
    if (counted > MAX_ATTEMPTS * (1 + requested) + repeats) found.push(`${id} was sent ${String(counted)} times.`);
    if (status === 'failed' && counted < MAX_ATTEMPTS && !answers.includes(410))
      found.push(`I14: ${id} failed because its receiver asked to slow down.`);
    const pair = `${webhookId} has two deliveries of event ${String(position)}`;
    if (written.has(pair)) found.push(`expansion: ${pair}.`);
    written.add(pair);
  }
  for (const row of log.pending.values()) {
    const hasWakeTime = row.stage === 'parked' ? row.wakeAt === null : row.wakeAt !== null && Number.isFinite(row.wakeAt);
    if (!hasWakeTime) found.push(`I2: ${row.id} has no wake time.`);
    if (isLeased(row, log.now) && row.stage !== 'admitted') found.push(`I10: the lease of ${row.id} does not count.`);
  }
  for (const { id, byHolder } of observed.recorded) if (!byHolder) found.push(`I3: ${id} was recorded without its lease.`);
  return found;
}

/** Checks the properties that must hold in the end, when faults have ended. */
export function violationsInTheEnd(simulation: Simulation): string[] {
  const { log, observed } = simulation;
  const found = violations(simulation);
  const deliveries = [...log.deliveries.values()];
  for (const { id } of log.pending.values()) found.push(`liveness: ${id} does not end.`);
  for (const { position } of log.expansions) found.push(`liveness: event ${String(position)} is not expanded.`);
  for (const id of observed.awaited) found.push(`retry: ${id} was requested again, and is not attempted.`);
  for (const [webhookId, positions] of observed.expected) {
    for (const position of log.webhooks.has(webhookId) ? positions : []) {
      const delivery = deliveries.find((one) => one.position === position && one.webhookId === webhookId);
      const ends = observed.cancelled.has(delivery?.id ?? '') ? ['succeeded', 'cancelled'] : ['succeeded', 'failed'];
      const isMissing = !delivery || (isCurrent(simulation, delivery) && !ends.includes(delivery.status));
      if (isMissing) found.push(`I1: event ${String(position)} has no delivery to ${webhookId}.`);
    }
  }
  return found;
}

/**
 * Returns how many requests of a delivery may repeat one: each crash and each expired lease between a send and its commit
 * allows one more, also while its worker has not noticed yet.
 */
function allowedRepeats({ workers, observed }: Simulation, id: string): number {
  const unaware = workers.filter((worker) => worker.at === 'sent' && worker.job.id === id && observed.expired.has(worker.token));
  return (observed.unrecorded.get(id) ?? 0) + unaware.length;
}
