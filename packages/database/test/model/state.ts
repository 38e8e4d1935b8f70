/**
 * The deliveries and webhooks of the log as plain data, and the rules by which the statements in `src/sql` change them.
 * Every transition answers with a new state; times are milliseconds of the database's clock.
 */
export interface State {
  now: number;
  lastPosition: number;
  lastToken: number;
  /** An operator has everything wait. */
  paused: boolean;
  webhooks: Map<string, Webhook>;
  deliveries: Delivery[];
}

export interface Webhook {
  id: string;
  enabled: boolean;
  disabledReason: 'failing' | 'gone' | null;
  /** An operator has it wait. */
  paused: boolean;
  maxInFlight: number;
  ordering: 'unordered' | 'fifo';
  /** Requests per second. */
  rateLimit: number | null;
  rateNextAt: number | null;
  unreachableCount: number;
  circuitOpenedAt: number | null;
  circuitProbeAt: number | null;
  failingSince: number | null;
}

export interface Delivery {
  id: string;
  webhookId: string;
  position: number;
  status: 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  stage: 'admitted' | 'backoff' | 'parked' | null;
  priority: number;
  attemptCount: number;
  nextAttemptAt: number | null;
  leaseToken: number | null;
  wakeAt: number | null;
}

/** The rules that the properties rest on. A test breaks one at a time, to see that a property notices. */
export interface Rules {
  /** What is accepted has a time at which the reconciler looks at it. */
  acceptedIsWatched: boolean;
  /** So has what is claimed. */
  claimedIsWatched: boolean;
  /** What is leased to one worker is not claimed by another. */
  leasesExclude: boolean;
  /** A claim counts what is under way. */
  claimsCount: boolean;
  /** A claim looks whether a delivery is first in line, when its webhook is fifo. */
  claimsInLine: boolean;
  /** A fifo delivery keeps its slot until it has ended. */
  retriesKeepSlot: boolean;
  /** Only the holder of the lease records. */
  recordsFenced: boolean;
  /** A claim looks whether its webhook, or everything, was paused. */
  claimsHeedPause: boolean;
  /** A lease that ran out is withdrawn when the reconciler wakes its delivery. */
  leasesWithdrawn: boolean;
}

export const RULES: Rules = {
  acceptedIsWatched: true,
  claimedIsWatched: true,
  leasesExclude: true,
  claimsCount: true,
  claimsInLine: true,
  retriesKeepSlot: true,
  recordsFenced: true,
  claimsHeedPause: true,
  leasesWithdrawn: true,
};

/** `unbounded_slots()` of the database. */
export const UNBOUNDED_SLOTS = 1000;

export function emptyState(webhooks: readonly (Pick<Webhook, 'id'> & Partial<Webhook>)[], now = 0): State {
  const complete = webhooks.map((webhook): Webhook => ({
    enabled: true,
    disabledReason: null,
    paused: false,
    maxInFlight: 10,
    ordering: 'unordered',
    rateLimit: null,
    rateNextAt: null,
    unreachableCount: 0,
    circuitOpenedAt: null,
    circuitProbeAt: null,
    failingSince: null,
    ...webhook,
  }));
  return {
    now,
    lastPosition: 0,
    lastToken: 0,
    paused: false,
    webhooks: new Map(complete.map((one) => [one.id, one])),
    deliveries: [],
  };
}

export function copy(state: State): State {
  return {
    ...state,
    webhooks: new Map([...state.webhooks].map(([id, webhook]) => [id, { ...webhook }])),
    deliveries: state.deliveries.map((delivery) => ({ ...delivery })),
  };
}

export function isLeased({ leaseToken, wakeAt, stage }: Delivery, now: number): boolean {
  return stage === 'admitted' && leaseToken !== null && wakeAt !== null && wakeAt > now;
}

/** First attempts, then retries, then replays, each in the order of the log. */
export function inLine(one: Delivery, other: Delivery): number {
  return one.priority - other.priority || one.position - other.position;
}

/** `is_deliverable` of the database: a webhook that its owner disabled, or a deleted one, gets no deliveries. */
export function isDeliverable(webhook: Webhook | undefined): webhook is Webhook {
  return webhook !== undefined && (webhook.enabled || webhook.disabledReason !== null);
}

/** `slots_of` of the database: how many deliveries of an enabled webhook may be admitted at once. */
export function slotsOf({ circuitOpenedAt, ordering, maxInFlight }: Webhook): number {
  return circuitOpenedAt !== null || ordering === 'fifo' ? 1 : maxInFlight;
}

export function freeSlots({ now, paused, webhooks, deliveries }: State, webhookId: string): number {
  const webhook = webhooks.get(webhookId);
  if (!webhook?.enabled) return UNBOUNDED_SLOTS;
  if (webhook.circuitProbeAt !== null && webhook.circuitProbeAt > now) return 0;
  if (paused || webhook.paused) return 0;
  const admitted = deliveries.filter((delivery) => delivery.webhookId === webhookId && delivery.stage === 'admitted').length;
  return Math.max(0, slotsOf(webhook) - admitted);
}

/** The transition to a terminal state. */
export function settle(delivery: Delivery, status: Exclude<Delivery['status'], 'pending'>): void {
  Object.assign(delivery, { status, stage: null, nextAttemptAt: null, wakeAt: null });
}
