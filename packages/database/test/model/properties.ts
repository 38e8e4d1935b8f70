import { MAX_ATTEMPTS, type Simulation } from './simulation.js';

/** Checks the properties that must hold at every moment, and returns a line for each violation. */
export function violations(simulation: Simulation): string[] {
  const { log, sent, recorded, beyondBound, whilePaused } = simulation;
  const found: string[] = [];
  for (const { id, status, stage, wakeAt, attemptCount } of log.deliveries) {
    const hasWakeTime = stage === 'parked' ? wakeAt === null : stage !== null && wakeAt !== null && Number.isFinite(wakeAt);
    if (status === 'pending' && !hasWakeTime) found.push(`I2: ${id} has no wake time.`);
    const arrivals = sent.filter((one) => one.id === id && one.answer === 204).length;
    if (status === 'succeeded' && arrivals === 0) found.push(`I3: ${id} succeeded without arriving.`);
    if (arrivals > 1 + allowedRepeats(simulation, id)) found.push(`I4: ${id} arrived ${String(arrivals)} times.`);
    const requests = sent.filter((one) => one.id === id).length;
    if (requests > MAX_ATTEMPTS + allowedRepeats(simulation, id)) found.push(`${id} was sent ${String(requests)} times.`);
    if (attemptCount > MAX_ATTEMPTS) found.push(`${id} has ${String(attemptCount)} attempts.`);
  }
  for (const { id, byHolder } of recorded) if (!byHolder) found.push(`I3: ${id} was recorded without its lease.`);
  for (const id of beyondBound) found.push(`I5: ${id} was claimed beyond its webhook's bound.`);
  for (const id of whilePaused) found.push(`pause: ${id} was claimed while it was paused.`);
  for (const { id, webhookId, leased, ahead } of sent) {
    const fifo = log.webhooks.get(webhookId)?.ordering === 'fifo';
    if (fifo && leased && ahead.length > 0) found.push(`fifo: ${id} was sent before ${ahead.join(', ')} had ended.`);
  }
  return found;
}

/**
 * Returns how many requests of a delivery may repeat one: each crash and each expired lease between a send and its commit
 * allows one more, also while its worker has not noticed yet.
 */
function allowedRepeats({ workers, unrecorded, expired }: Simulation, id: string): number {
  const unaware = workers.filter((worker) => worker.at === 'sent' && worker.job.id === id && expired.has(worker.token));
  return (unrecorded.get(id) ?? 0) + unaware.length;
}
