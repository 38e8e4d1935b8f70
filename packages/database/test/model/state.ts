/**
 * The model: deliveries and webhooks as plain data, and the rules by which the statements in `src/sql` change them. Each
 * transition returns a new state. Times are milliseconds of the database's clock.
 */
export interface State {
  now: number;
  lastPosition: number;
  lastToken: number;
  /** An operator paused all deliveries. */
  paused: boolean;
  webhooks: Map<string, Webhook>;
  deliveries: Delivery[];
}

/** A webhook, as the statements see it. */
export interface Webhook {
  id: string;
  enabled: boolean;
  disabledReason: 'failing' | 'gone' | null;
  /** An operator paused it. */
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

/** A delivery, as the statements see it. */
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

/** The rules that the properties depend on. A test breaks one at a time, and checks that a property finds it. */
export interface Rules {
  /** An accepted delivery has a wake time. */
  acceptHasWakeTime: boolean;
  /** A claimed delivery has a wake time. */
  claimHasWakeTime: boolean;
  /** A claim leaves a delivery alone while another worker holds its lease. */
  claimHonoursLeases: boolean;
  /** A claim counts the requests in flight. */
  claimCountsInFlight: boolean;
  /** Of a fifo webhook, a claim takes only the first delivery in line. */
  claimKeepsFifoOrder: boolean;
  /** A fifo delivery keeps its slot until it has ended. */
  fifoRetryKeepsSlot: boolean;
  /** Only the holder of the lease records an attempt. */
  recordRequiresLease: boolean;
  /** A claim takes nothing while its webhook, or everything, is paused. */
  claimHonoursPause: boolean;
  /** A wake withdraws an expired lease. */
  wakeWithdrawsLeases: boolean;
}

/** All rules, unbroken. */
export const RULES: Rules = {
  acceptHasWakeTime: true,
  claimHasWakeTime: true,
  claimHonoursLeases: true,
  claimCountsInFlight: true,
  claimKeepsFifoOrder: true,
  fifoRetryKeepsSlot: true,
  recordRequiresLease: true,
  claimHonoursPause: true,
  wakeWithdrawsLeases: true,
};

/** The number that stands for "no bound", as in `unbounded_slots()`. */
export const UNBOUNDED_SLOTS = 1000;

/** Returns a state with these webhooks and no deliveries. */
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

/** Copies a state, so that a transition can change the copy. */
export function copy(state: State): State {
  return {
    ...state,
    webhooks: new Map([...state.webhooks].map(([id, webhook]) => [id, { ...webhook }])),
    deliveries: state.deliveries.map((delivery) => ({ ...delivery })),
  };
}

/** Returns whether a request of the delivery is in flight, judged by its lease. */
export function isLeased({ leaseToken, wakeAt, stage }: Delivery, now: number): boolean {
  return stage === 'admitted' && leaseToken !== null && wakeAt !== null && wakeAt > now;
}

/** Compares two deliveries of a webhook's line: first attempts, then retries, then replays, each in the order of the log. */
export function compareInLine(one: Delivery, other: Delivery): number {
  return one.priority - other.priority || one.position - other.position;
}

/** Returns, like `is_deliverable`, whether a webhook gets deliveries: not if its owner disabled or deleted it. */
export function isDeliverable(webhook: Webhook | undefined): webhook is Webhook {
  return webhook !== undefined && (webhook.enabled || webhook.disabledReason !== null);
}

/** Returns, like `slots_of`, how many deliveries of an enabled webhook may be admitted at the same time. */
export function slotsOf({ circuitOpenedAt, ordering, maxInFlight }: Webhook): number {
  return circuitOpenedAt !== null || ordering === 'fifo' ? 1 : maxInFlight;
}

/** Returns, like `free_slots`, how many more deliveries of a webhook may be admitted. */
export function freeSlots({ now, paused, webhooks, deliveries }: State, webhookId: string): number {
  const webhook = webhooks.get(webhookId);
  if (!webhook?.enabled) return UNBOUNDED_SLOTS;
  if (webhook.circuitProbeAt !== null && webhook.circuitProbeAt > now) return 0;
  if (paused || webhook.paused) return 0;
  const admitted = deliveries.filter((delivery) => delivery.webhookId === webhookId && delivery.stage === 'admitted').length;
  return Math.max(0, slotsOf(webhook) - admitted);
}

/** Gives a delivery a terminal status. */
export function settle(delivery: Delivery, status: Exclude<Delivery['status'], 'pending'>): void {
  Object.assign(delivery, { status, stage: null, nextAttemptAt: null, wakeAt: null });
}
