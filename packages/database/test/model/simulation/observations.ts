import type { Throttle } from '../flow.js';
import type { Answer } from '../health.js';

/** A lease by the claims and records that an observer saw, however the database keeps it. */
export interface Lease {
  id: string;
  webhookId: string;
  until: number;
}

/** What an observer of the whole system remembers, to judge by it what happens later. */
export interface Observations {
  events: { position: number; audience: string | null }[];
  /** By delivery, the answers to its requests, as the receiver knows them. */
  sent: ReadonlyMap<string, readonly Answer[]>;
  /** The recorded attempts, what their receivers asked for, and whether the holder of the lease recorded them. */
  recorded: { id: string; token: number; throttle: Throttle | null; byHolder: boolean; succeeded: boolean }[];
  /** By webhook, the time before which its receiver wants nothing. */
  askedUntil: ReadonlyMap<string, number>;
  /** By webhook, the last token that was given when it was held last. */
  heldAfter: ReadonlyMap<string, number>;
  /** By delivery, the token that may record: that of the last claim, until its lease is withdrawn. */
  holders: ReadonlyMap<string, number>;
  /** By token, the leases that have not expired, and whose attempts are not recorded. */
  leases: ReadonlyMap<number, Lease>;
  /** The tokens of leases that expired before their attempts were recorded. */
  expired: ReadonlySet<number>;
  /** By delivery, the attempts that were sent and not recorded, because of a crash or an expired lease. */
  unrecorded: ReadonlyMap<string, number>;
  /** By webhook, the number of times that it was enabled, disabled or deleted. */
  changes: ReadonlyMap<string, number>;
  /** By webhook, the log's end at the last of these changes. */
  enabledAfter: ReadonlyMap<string, number>;
  /** By delivery, its webhook's number of changes when it was accepted, or became a replay. */
  begun: ReadonlyMap<string, number>;
  /** By webhook, the positions of events that it is to have a delivery of: it has been enabled since before they were accepted. */
  expected: ReadonlyMap<string, ReadonlySet<number>>;
  /** By delivery, how often it was requested again. */
  requested: ReadonlyMap<string, number>;
  /** The deliveries that were requested again while their request was under way, and not claimed since. */
  awaited: ReadonlySet<string>;
  /** The deliveries that their owner cancelled, and has not requested again. */
  cancelled: ReadonlySet<string>;
  /** The violations that were seen when they happened. */
  found: readonly string[];
}

/** Returns the observations before anything happened. */
export function newObservations(): Observations {
  return {
    events: [],
    sent: new Map(),
    recorded: [],
    askedUntil: new Map(),
    heldAfter: new Map(),
    holders: new Map(),
    leases: new Map(),
    expired: new Set(),
    unrecorded: new Map(),
    changes: new Map(),
    enabledAfter: new Map(),
    begun: new Map(),
    expected: new Map(),
    requested: new Map(),
    awaited: new Set(),
    cancelled: new Set(),
    found: [],
  };
}

/** Adds one to a count. */
export const add = (counts: ReadonlyMap<string, number>, id: string) => new Map(counts).set(id, (counts.get(id) ?? 0) + 1);
