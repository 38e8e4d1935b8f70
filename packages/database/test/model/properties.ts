import { MAX_ATTEMPTS, type World } from './world.js';

/** What must hold at every moment. Answers with what does not. */
export function violations(world: World): string[] {
  const { log, sent, recorded, beyondBound, whilePaused } = world;
  const found: string[] = [];
  for (const { id, status, stage, wakeAt, attemptCount } of log.deliveries) {
    const watched = stage === 'parked' ? wakeAt === null : stage !== null && wakeAt !== null && Number.isFinite(wakeAt);
    if (status === 'pending' && !watched) found.push(`I2: nobody looks at ${id} again.`);
    const arrivals = sent.filter((one) => one.id === id && one.answer === 204).length;
    if (status === 'succeeded' && arrivals === 0) found.push(`I3: ${id} succeeded, but never arrived.`);
    if (arrivals > 1 + excuses(world, id)) found.push(`I4: ${id} arrived ${String(arrivals)} times.`);
    const requests = sent.filter((one) => one.id === id).length;
    if (requests > MAX_ATTEMPTS + excuses(world, id)) found.push(`${id} was sent ${String(requests)} times.`);
    if (attemptCount > MAX_ATTEMPTS) found.push(`${id} has ${String(attemptCount)} attempts.`);
  }
  for (const { id, byHolder } of recorded) if (!byHolder) found.push(`I3: ${id} was recorded without its lease.`);
  for (const id of beyondBound) found.push(`I5: ${id} was claimed beyond its webhook's bound.`);
  for (const id of whilePaused) found.push(`pause: ${id} was claimed while it was to wait.`);
  for (const { id, webhookId, leased, ahead } of sent) {
    const fifo = log.webhooks.get(webhookId)?.ordering === 'fifo';
    if (fifo && leased && ahead.length > 0) found.push(`fifo: ${id} was sent before ${ahead.join(', ')} had ended.`);
  }
  return found;
}

/** Every crash, and every lease that ran out, between a send and its commit excuses one request more: also one whose worker has yet to notice. */
function excuses({ workers, unrecorded, ranOut }: World, id: string): number {
  const unaware = workers.filter((worker) => worker.at === 'sent' && worker.job.id === id && ranOut.has(worker.token));
  return (unrecorded.get(id) ?? 0) + unaware.length;
}
