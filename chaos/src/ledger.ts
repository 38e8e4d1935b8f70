import { appendFileSync } from 'node:fs';

/** What became of an event that was published. One that is `unsure` broke off: it may have been accepted or not. */
export type Publication = 'accepted' | 'unsure';

export interface PublishedEvent {
  id: string;
  type: string;
  /** The user whom it is about; null: everyone may see it. */
  user: string | null;
  publication: Publication;
  /** When it was handed in first. */
  atMs: number;
}

/** `stale`: signed with the right key, for a time that a receiver refuses. */
export type Signature = 'valid' | 'stale' | 'wrong';

/** One request to a receiver. Times are in milliseconds on one monotonic clock. */
export interface Arrival {
  webhook: string;
  /** `webhook-id`. */
  event: string;
  /** How often this event has come to this webhook, from 1. */
  attempt: number;
  atMs: number;
  signature: Signature;
  /** SHA-256 of the body. */
  bodyHash: string;
  /** What the receiver made of it, whether or not the answer went out. Null: nothing, it hung. */
  status: number | null;
  /** Null: no answer went out, since its sender had gone by then. */
  answeredAtMs: number | null;
}

/** Something that was done to the system. */
export interface Fault {
  name: string;
  /** From when to when it lasted; a crash has one moment. Infinity: it was never ended. */
  fromMs: number;
  untilMs: number;
  /** How many requests it may have kept from being recorded: as many as can have been under way. 0: none may be. */
  interrupts: number;
  /** How many times it may have done so to one and the same delivery. */
  perDelivery: number;
}

export interface Registration {
  id: string;
  user: string;
  /** Patterns. */
  types: readonly string[];
}

/** What happened in a run, as those saw it who published and who received. */
export interface Ledger {
  webhooks: Registration[];
  events: Map<string, PublishedEvent>;
  arrivals: Arrival[];
  faults: Fault[];
}

export function createLedger(): Ledger {
  return { webhooks: [], events: new Map(), arrivals: [], faults: [] };
}

/** Adds it to a file for those who want to see for themselves: one JSON object a line. */
export function writeLedger(file: string, { webhooks, events, arrivals, faults }: Ledger): void {
  const lines = (kind: string, things: Iterable<object>): string[] =>
    [...things].map((thing) => JSON.stringify({ kind, ...thing }));
  const all = [
    ...lines('webhook', webhooks),
    ...lines('fault', faults),
    ...lines('event', events.values()),
    ...lines('arrival', arrivals),
  ];
  appendFileSync(file, all.map((line) => `${line}\n`).join(''));
}

/** Now, on the clock of the ledger. */
export function nowMs(): number {
  return performance.now();
}
