import { reasonOf } from '../failure.js';
import type { Io } from '../io.js';
import type { Forwarded } from './forward.js';

/** The settings with which forwarding starts. */
export interface ListenStart {
  server: string;
  owner: string;
  /** Patterns of event types; an empty list means all types. */
  types: readonly string[];
  /** The URL that receives the events. */
  target: string;
  secret: string;
  /** The file that stores the secret; null when `--secret` gave it. */
  secretFile: string | null;
  /** The id of the event after which forwarding starts; null: it starts with new events. */
  after: string | null;
}

type Event = Readonly<{ id: string; type: string }>;

/** Prints the progress of forwarding. */
export interface Report {
  began: (start: ListenStart) => void;
  /** @param attempt number of the attempt, from 1 */
  forwarded: (event: Event, forwarded: Forwarded, attempt: number) => void;
  /** The event was not forwarded, since no webhook receives its type. */
  passedOver: (event: Event) => void;
  /** @param error undefined when the server ended the connection */
  reconnecting: (waitMs: number, error: unknown) => void;
  /** The event log no longer contains the event after which forwarding was to resume. */
  gap: (oldestEventId: string | null) => void;
  /** @param count number of successful forwards */
  ended: (count: number) => void;
}

/** Creates a report that prints lines of JSON on standard output, each with a `kind`. */
export function reportAsJson({ out }: Pick<Io, 'out'>): Report {
  const print = (kind: string, fields: object): void => {
    out(JSON.stringify({ kind, at: new Date(), ...fields }));
  };
  return {
    began({ secretFile, ...start }) {
      print('began', { ...start, secret_file: secretFile });
    },
    forwarded({ id, type }, { statusCode, durationMs, error }, attempt) {
      const outcome = { succeeded: error === null, status_code: statusCode, duration_ms: durationMs, error };
      print('forwarded', { event_id: id, type, attempt, ...outcome });
    },
    passedOver({ id, type }) {
      print('passed_over', { event_id: id, type });
    },
    reconnecting(waitMs, error) {
      print('reconnecting', { wait_ms: Math.round(waitMs), error: error === undefined ? null : reasonOf(error) });
    },
    gap(oldestEventId) {
      print('gap', { oldest_event_id: oldestEventId });
    },
    ended(count) {
      print('ended', { forwarded: count });
    },
  };
}

/** Creates a report for people: one line for each forward on standard output, everything else on standard error. */
export function reportAsText({ out, err }: Pick<Io, 'out' | 'err'>): Report {
  const now = (): string => new Date().toLocaleTimeString('en-GB');
  return {
    began({ server, owner, types, target, secret, secretFile, after }) {
      err(`Forwarding events of ${owner} (${types.length === 0 ? 'all types' : types.join(', ')}) from ${server} to ${target}`);
      err(`Signing secret: ${secret}${secretFile === null ? '' : ` (stored in ${secretFile})`}`);
      err(after === null ? 'Starting with new events. Press Ctrl-C to stop.' : `Resuming after ${after}. Press Ctrl-C to stop.`);
    },
    forwarded({ id, type }, { statusCode, durationMs, error }, attempt) {
      const event = `${now()} ${error === null ? '✓' : '✗'} ${type} ${id}${attempt === 1 ? '' : ` (attempt ${String(attempt)})`}`;
      const outcome = statusCode === null ? 'no response' : String(statusCode);
      out(`${event} → ${outcome} in ${String(durationMs)} ms${error === null ? '' : `: ${error}`}`);
    },
    passedOver({ id, type }) {
      out(`${now()} · ${type} ${id} not forwarded: no webhook receives this type`);
    },
    reconnecting(waitMs, error) {
      const reason = error === undefined ? 'The server ended the connection' : `Connection failed: ${reasonOf(error)}`;
      err(`${now()} ${reason}. Reconnecting in ${(waitMs / 1000).toFixed(1)} s.`);
    },
    gap(oldestEventId) {
      const rest = oldestEventId === null ? 'The log is empty.' : `Resuming with its oldest event, ${oldestEventId}.`;
      err(`${now()} Events may be missing: the event log no longer contains the last forwarded event. ${rest}`);
    },
    ended(count) {
      err(`${String(count)} ${count === 1 ? 'event' : 'events'} forwarded. The next start resumes here.`);
    },
  };
}
