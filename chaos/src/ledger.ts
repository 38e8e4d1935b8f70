import { appendFileSync } from 'node:fs';

/**
 * The result of publishing an event. After an error, or without a response, it is `unsure`: it may be accepted or not. An event
 * whose transaction was rolled back is `withdrawn`: nobody may get it.
 */
export type Publication = 'accepted' | 'unsure' | 'withdrawn';

export interface PublishedEvent {
  id: string;
  type: string;
  /** Null: the event is for everyone. */
  owner: string | null;
  publication: Publication;
  /** When it was first published. */
  atMs: number;
  /** A time by which it was accepted, and its deliveries were written. Undefined: not known. */
  acceptedByMs?: number;
}

/** `stale`: signed with the right key, with a timestamp that receivers refuse. */
export type Signature = 'valid' | 'stale' | 'wrong';

/** One request to a receiver. Times are in milliseconds on one monotonic clock. */
export interface Arrival {
  webhook: string;
  /** `webhook-id`. */
  event: string;
  /** The number of this request among those of the same event to the same webhook, from 1. */
  attempt: number;
  atMs: number;
  signature: Signature;
  /** SHA-256 of the body. */
  bodyHash: string;
  /** The receiver's answer, whether or not it was sent. Null: the receiver hung. */
  status: number | null;
  /** Null: no response was sent, because the connection was closed before. */
  answeredAtMs: number | null;
  /** The path of the request. */
  path: string;
  /** When the response was sent, or the connection was closed. Null: the request is under way. */
  endedAtMs: number | null;
}

/** A fault that the nemesis caused. */
export interface Fault {
  name: string;
  /** The beginning and the end, which are the same for a crash. Infinity: the fault has not ended. */
  fromMs: number;
  untilMs: number;
  /** The number of requests whose record it can have prevented: those that can have been in flight. */
  interrupts: number;
  /** The number of times that it can have done so for the same delivery. */
  perDelivery: number;
}

export interface Registration {
  id: string;
  owner: string;
  /** Patterns, such as `sync.*`. */
  types: readonly string[];
}

/** The history of a run, as the publishers, the receivers and the nemesis recorded it. */
export interface Ledger {
  webhooks: Registration[];
  events: Map<string, PublishedEvent>;
  arrivals: Arrival[];
  faults: Fault[];
}

export function createLedger(): Ledger {
  return { webhooks: [], events: new Map(), arrivals: [], faults: [] };
}

/** Further records of a scenario, by their kind. */
export type LedgerRecords = Record<string, readonly object[]>;

/** Appends the ledger to a file, as one JSON object a line. */
export function writeLedger(file: string, { webhooks, events, arrivals, faults }: Ledger, more: LedgerRecords = {}): void {
  const lines = (kind: string, records: Iterable<object>): string[] =>
    [...records].map((record) => JSON.stringify({ kind, ...record }));
  const all = [
    ...lines('webhook', webhooks),
    ...lines('fault', faults),
    ...lines('event', events.values()),
    ...lines('arrival', arrivals),
    ...Object.entries(more).flatMap(([kind, records]) => lines(kind, records)),
  ];
  appendFileSync(file, all.map((line) => `${line}\n`).join(''));
}

/** The time on the clock of the ledger, which is monotonic. */
export function nowMs(): number {
  return performance.now();
}
