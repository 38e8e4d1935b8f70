import { awaitsProbe, inFlight, isPaused, slotsOf } from '../slots.js';
import type { Delivery, State } from '../state.js';
import type { Simulation } from './simulation.js';

/** Judges a claim at the time when it was made. The observed leases are those before it. */
export function judgeClaim(before: Simulation, { log, observed }: Simulation, id: string): string[] {
  const found: string[] = [];
  const delivery = log.deliveries.get(id);
  const webhook = before.log.webhooks.get(delivery?.webhookId ?? '');
  if (!delivery || !webhook) return [`generation: ${id} was claimed after its webhook was deleted.`];
  const live = [...observed.leases.values()].filter(({ webhookId, until }) => webhookId === webhook.id && until > log.now);
  if (live.some((lease) => lease.id === id)) found.push(`I4: ${id} was claimed while its lease was held.`);
  if (live.length >= slotsOf(webhook)) found.push(`I10: ${id} was claimed beyond its webhook's bound.`);
  if (isPaused(log, webhook)) found.push(`pause: ${id} was claimed while it was paused.`);
  if (before.observed.cancelled.has(id)) found.push(`cancel: ${id} was claimed after its owner cancelled it.`);
  if ((observed.askedUntil.get(webhook.id) ?? -Infinity) > log.now)
    found.push(`I14: ${id} was claimed before the time that its receiver asked for.`);
  if (!webhook.enabled) found.push(`generation: ${id} was claimed while its webhook was disabled.`);
  if (!isCurrent(before, delivery)) found.push(`generation: ${id} was claimed after its webhook was disabled.`);
  if (webhook.ordering !== 'fifo' || before.log.deliveries.get(id)?.replay === true) return found;
  const ahead = aheadOf(before, delivery);
  if (ahead.length > 0) found.push(`fifo: ${id} was claimed before ${ahead.join(', ')} had ended.`);
  return found;
}

/** Judges the end of a delivery: only an earlier generation is cancelled or skipped, or what its owner cancelled. */
export function judgeEnd(simulation: Simulation, delivery: Delivery): string[] {
  const { id, status } = delivery;
  const isCancelled = (status === 'cancelled' && !simulation.observed.cancelled.has(id)) || status === 'skipped';
  return isCancelled && isCurrent(simulation, delivery) ? [`cancel: ${id} was ended, and its webhook is still enabled.`] : [];
}

/** Judges the claims that parked a delivery of a fifo webhook: the first in line waits for nothing but its webhook's request. */
export function judgeWait(before: Simulation, { log }: Simulation): string[] {
  const parked = [...log.pending.values()].filter(
    ({ id, stage }) => stage === 'parked' && before.log.pending.get(id)?.stage === 'admitted',
  );
  return parked.flatMap(({ id, webhookId }) => {
    const webhook = log.webhooks.get(webhookId);
    const delivery = log.deliveries.get(id);
    if (webhook?.ordering !== 'fifo' || !delivery || !isCurrent(before, delivery)) return [];
    const isHeld = isPaused(log, webhook) || awaitsProbe(webhook, log.now) || inFlight(log, webhookId) > 0;
    if (isHeld || awaitsExpansion(log, delivery) || aheadOf(before, delivery).length > 0) return [];
    return [`fifo: ${id} was held back, and no request was under way.`];
  });
}

const awaitsExpansion = ({ expansions }: State, { position }: Delivery) =>
  expansions.some((expansion) => expansion.position < position && !expansion.fifoDone);

/** Returns whether its webhook has been enabled since the delivery was accepted or became a replay. */
export function isCurrent({ log, observed }: Simulation, { id, webhookId }: Delivery): boolean {
  return log.webhooks.has(webhookId) && (observed.begun.get(id) ?? 0) === (observed.changes.get(webhookId) ?? 0);
}

/** Returns the deliveries of its webhook that are pending and ahead in the log, written or not. */
function aheadOf(simulation: Simulation, { webhookId, position }: Delivery): string[] {
  const { log, observed } = simulation;
  const ofWebhook = [...log.deliveries.values()].filter((one) => one.webhookId === webhookId);
  const pending = ofWebhook.filter(
    (one) => one.position < position && one.status === 'pending' && !one.replay && isCurrent(simulation, one),
  );
  const written = new Set(ofWebhook.map((one) => one.position));
  const unwritten = [...(observed.expected.get(webhookId) ?? [])].filter((one) => one < position && !written.has(one));
  return [...pending.map(({ id }) => id), ...unwritten.map((one) => `the delivery of event ${String(one)}`)];
}
