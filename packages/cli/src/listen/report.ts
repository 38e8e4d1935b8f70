import { reasonOf } from '../failure.js';
import type { Io } from '../io.js';
import type { Forwarded } from './forward.js';

/** What was begun with. */
export interface Beginning {
  server: string;
  user: string;
  /** None: all. */
  types: readonly string[];
  target: string;
  secret: string;
  /** Where the secret is kept; null: it was given. */
  secretFile: string | null;
  /** The event behind which forwarding begins; null: with what happens from now on. */
  after: string | null;
}

type Event = Readonly<{ id: string; type: string }>;

/** Tells what happens while events are forwarded. */
export interface Report {
  began: (beginning: Beginning) => void;
  /** @param attempt from 1 */
  forwarded: (event: Event, forwarded: Forwarded, attempt: number) => void;
  /** No webhook gets this event. */
  passedOver: (event: Event) => void;
  reconnecting: (waitMs: number, error: unknown) => void;
  /** The log no longer has the event behind which forwarding was to go on. */
  gap: (oldestEventId: string | null) => void;
  ended: (count: number) => void;
}

/** As lines of JSON on standard output, each with a `kind`. */
export function reportAsJson({ out }: Pick<Io, 'out'>): Report {
  const tell = (kind: string, fields: object): void => {
    out(JSON.stringify({ kind, at: new Date(), ...fields }));
  };
  return {
    began({ secretFile, ...beginning }) {
      tell('began', { ...beginning, secret_file: secretFile });
    },
    forwarded({ id, type }, { statusCode, durationMs, error }, attempt) {
      const outcome = { succeeded: error === null, status_code: statusCode, duration_ms: durationMs, error };
      tell('forwarded', { event_id: id, type, attempt, ...outcome });
    },
    passedOver({ id, type }) {
      tell('passed_over', { event_id: id, type });
    },
    reconnecting(waitMs, error) {
      tell('reconnecting', { wait_ms: Math.round(waitMs), error: error === undefined ? null : reasonOf(error) });
    },
    gap(oldestEventId) {
      tell('gap', { oldest_event_id: oldestEventId });
    },
    ended(count) {
      tell('ended', { forwarded: count });
    },
  };
}

/** As text for people: what is forwarded on standard output, the rest on standard error. */
export function reportAsText({ out, err }: Pick<Io, 'out' | 'err'>): Report {
  const now = (): string => new Date().toLocaleTimeString('en-GB');
  return {
    began({ server, user, types, target, secret, secretFile, after }) {
      err(`Following ${server} as ${user}, ${types.length === 0 ? 'all events' : types.join(', ')}, and forwarding to ${target}`);
      err(`Signed with ${secret}${secretFile === null ? '' : ` (kept in ${secretFile})`}`);
      err(
        after === null ? 'Beginning with what happens from now on. Ctrl-C ends it.' : `Going on behind ${after}. Ctrl-C ends it.`,
      );
    },
    forwarded({ id, type }, { statusCode, durationMs, error }, attempt) {
      const what = `${now()} ${error === null ? '✓' : '✗'} ${type} ${id}${attempt === 1 ? '' : ` (attempt ${String(attempt)})`}`;
      const outcome = statusCode === null ? 'no response' : String(statusCode);
      out(`${what} → ${outcome} in ${String(durationMs)} ms${error === null ? '' : `: ${error}`}`);
    },
    passedOver({ id, type }) {
      out(`${now()} · ${type} ${id}: of Tidings itself, which no webhook gets`);
    },
    reconnecting(waitMs, error) {
      const why = error === undefined ? 'The server ended the connection' : `There is no connection: ${reasonOf(error)}`;
      err(`${now()} ${why}. Connecting again in ${(waitMs / 1000).toFixed(1)} s.`);
    },
    gap(oldestEventId) {
      const rest = oldestEventId === null ? 'It holds none now.' : `Going on with the oldest, ${oldestEventId}.`;
      err(`${now()} Some events may be missing: the log no longer reaches back to the last one that was forwarded. ${rest}`);
    },
    ended(count) {
      err(`${String(count)} forwarded. The next start goes on from here.`);
    },
  };
}
