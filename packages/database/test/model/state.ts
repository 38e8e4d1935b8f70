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
  /** The events of the log: the one webhook that matches, or null for all, by position. */
  events: Map<number, string | null>;
  /** The log: one row for each delivery, forever. */
  deliveries: Map<string, Delivery>;
  /** The deliveries that are pending, or that ended while their request was under way. */
  pending: Map<string, PendingDelivery>;
  /** The events whose deliveries are not all written, by position. */
  expansions: Expansion[];
  /** The webhooks whose pending deliveries of earlier generations are to be ended, the longest waiting first. */
  cancellations: string[];
}

/** A webhook, as the statements see it. */
export interface Webhook {
  id: string;
  enabled: boolean;
  disabledReason: 'failing' | 'gone' | null;
  /** Grows with each change of `enabled`. */
  generation: number;
  /** The log's end when it was enabled last: it gets later positions only. */
  fromPosition: number;
  /** The status of the deliveries that its last disabling ends. */
  supersededStatus: 'cancelled' | 'skipped';
  /** An operator paused it. */
  paused: boolean;
  /** Its owner paused it. */
  ownerPaused: boolean;
  /** It waits until its URL is verified. */
  unverified: boolean;
  maxInFlight: number;
  ordering: 'unordered' | 'fifo';
  /** Requests per second. */
  rateLimit: number | null;
  rateNextAt: number | null;
  replayNextAt: number | null;
  unreachableCount: number;
  circuitOpenedAt: number | null;
  circuitProbeAt: number | null;
  failingSince: number | null;
  throttledUntil: number | null;
  /** Holds in a row for which the receiver named no time. */
  backoffCount: number;
  /** Grows with each slow-down of the flow. */
  slowDowns: number;
  slowedAt: number | null;
  /** Requests per second. */
  learnedRate: number | null;
  learnedFrom: number | null;
}

/** A row of the log. It is written when the delivery begins and when it ends. */
export interface Delivery {
  id: string;
  webhookId: string;
  position: number;
  status: 'pending' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  /** The attempts until its last end. */
  attemptCount: number;
  replay: boolean;
}

/** A row of the pending deliveries. One with a live lease is always `admitted`. */
export interface PendingDelivery {
  id: string;
  webhookId: string;
  generation: number;
  position: number;
  stage: 'admitted' | 'backoff' | 'parked';
  /** 0 first attempts, 1 retries, 2 replays. */
  priority: number;
  attemptCount: number;
  priorAttempts: number;
  replay: boolean;
  /** When its first attempt since it became pending was recorded. */
  firstAttemptAt: number | null;
  nextAttemptAt: number;
  /** Null: it is parked. */
  wakeAt: number | null;
  leaseToken: number | null;
  leasedUntil: number | null;
  /** The log says that it ended. The request under way is still to be recorded. */
  ended: boolean;
  /** A retry was requested while its request is under way. */
  again: boolean;
  /** A kept connection broke under one of its requests. */
  resent: boolean;
}

/** An event whose deliveries are written in chunks: those of fifo webhooks first. */
export interface Expansion {
  position: number;
  /** The one webhook that matches; null: all webhooks match. */
  audience: string | null;
  fifoDone: boolean;
  fifoCursor: string;
  cursor: string;
}

/** Returns a state with these webhooks and no deliveries. */
export function emptyState(webhooks: readonly (Pick<Webhook, 'id'> & Partial<Webhook>)[], now = 0): State {
  const complete = webhooks.map((webhook): Webhook => ({
    enabled: true,
    disabledReason: null,
    generation: 1,
    fromPosition: 0,
    supersededStatus: 'cancelled',
    paused: false,
    ownerPaused: false,
    unverified: false,
    maxInFlight: 10,
    ordering: 'unordered',
    rateLimit: null,
    rateNextAt: null,
    replayNextAt: null,
    unreachableCount: 0,
    circuitOpenedAt: null,
    circuitProbeAt: null,
    failingSince: null,
    throttledUntil: null,
    backoffCount: 0,
    slowDowns: 0,
    slowedAt: null,
    learnedRate: null,
    learnedFrom: null,
    ...webhook,
  }));
  return {
    now,
    lastPosition: 0,
    lastToken: 0,
    paused: false,
    webhooks: new Map(complete.map((one) => [one.id, one])),
    events: new Map(),
    deliveries: new Map(),
    pending: new Map(),
    expansions: [],
    cancellations: [],
  };
}

/** Copies a state, so that a transition can change the copy. */
export function copy(state: State): State {
  const rows = <Row extends { id: string }>(map: ReadonlyMap<string, Row>) =>
    new Map([...map].map(([id, row]): [string, Row] => [id, { ...row }]));
  return {
    ...state,
    webhooks: rows(state.webhooks),
    events: new Map(state.events),
    deliveries: rows(state.deliveries),
    pending: rows(state.pending),
    expansions: state.expansions.map((expansion) => ({ ...expansion })),
    cancellations: [...state.cancellations],
  };
}

/** Returns the pending deliveries of a webhook. */
export function pendingOf({ pending }: State, webhookId: string): PendingDelivery[] {
  return [...pending.values()].filter((row) => row.webhookId === webhookId);
}

/** Returns whether the delivery's request may be under way. */
export function isLeased({ leaseToken, leasedUntil }: PendingDelivery, now: number): boolean {
  return leaseToken !== null && leasedUntil !== null && leasedUntil > now;
}

/** Returns whether the delivery is of an earlier generation of its webhook, or its webhook was deleted. */
export function isSuperseded({ webhooks }: State, { webhookId, generation }: PendingDelivery): boolean {
  return webhooks.get(webhookId)?.generation !== generation;
}

/** Withdraws a lease: its holder can no longer record. */
export function withdrawLease(row: PendingDelivery): void {
  Object.assign(row, { leaseToken: null, leasedUntil: null, again: false });
}
