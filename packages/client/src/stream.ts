import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { createBackoff } from './backoff.js';
import type { ShippedEvents, StreamedEvent, TypePattern } from './events.js';
import { StreamError, type Problem } from './stream-error.js';
import { readToken, type TokenSource } from './token.js';

/** Stores the id of the last handled event, so that the next start of the program resumes after it. */
export interface EventStore {
  /** Returns the stored id; null or undefined when there is none yet. */
  load: () => string | null | undefined | Promise<string | null | undefined>;
  /** Stores the id. Its promise is awaited before the next event is read. */
  save: (id: string) => unknown;
}

/** The log does not have the event after which the stream should resume: some events may be missing. */
export interface StreamGap {
  /** The id after which the stream should resume. */
  lastEventId: string;
  /** The id of the oldest event in the log, from which the stream continues; null: there is none. */
  oldestEventId: string | null;
}

/**
 * Options of a stream.
 *
 * @typeParam Catalog the types of its events: see `createClient`
 */
export interface StreamOptions<Catalog = ShippedEvents> {
  /** The event types and prefixes to get. Default: all. */
  types?: readonly TypePattern<Catalog>[];
  /**
   * `all`: the events of all owners, for tokens with the scope `admin`. Default `own`: the events for everyone and for the
   * caller.
   */
  audience?: 'own' | 'all';
  /**
   * Called with each event, one at a time, in the order of the log. No more data is read before its promise resolves, and
   * only then is the id stored: after a crash, an event whose promise had not resolved is sent again. An error that it throws
   * ends the stream with that error.
   */
  onEvent: (event: StreamedEvent<Catalog>) => unknown;
  /** Called when some events may be missing. Default: nothing. */
  onGap?: (gap: StreamGap) => unknown;
  /**
   * Called before each reconnection with the wait, in milliseconds, and the error; without an error when the server ended
   * the connection.
   */
  onReconnect?: (waitMs: number, error?: unknown) => unknown;
  /** Resumes after this event; `@start`: begins with the oldest event. Default: the id in `store`, otherwise only new events. */
  lastEventId?: string;
  /** Stores the id of the last handled event. Default: it is kept in memory only. */
  store?: EventStore;
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal;
  /** A connection without data for this time, in milliseconds, is closed and replaced. Default: two and a half heartbeats. */
  silenceMs?: number;
  /** The longest wait between two connection attempts, in milliseconds, unless the server asks for more. Default 30,000. */
  maxWaitMs?: number;
}

/** The parts of the client that a stream uses. */
export interface StreamParts {
  /** The URL of the API. */
  url: string;
  token: TokenSource;
  fetch: typeof fetch;
}

const PATH = '/api/events/stream';
const EVENT_STREAM = 'text/event-stream';
const SILENT_HEARTBEATS = 2.5;
/** Applies until the server has sent its heartbeat interval. */
const INITIAL_SILENCE_MS = 40_000;
const MAX_WAIT_MS = 30_000;
/** Statuses below 500 after which a new attempt may succeed. All others are permanent. */
const TEMPORARY = new Set([408, 425, 429]);

/**
 * Follows the stream until `signal` is aborted, or the server sends no more events (204); then it resolves. It reconnects as
 * often as needed, and resumes after the last handled event. Rejects with a {@link StreamError} when the API refuses the
 * stream permanently, and with any error of `onEvent`, `onGap`, `store` or the token source.
 */
export async function followStream<Catalog>({ url, token, fetch }: StreamParts, options: StreamOptions<Catalog>): Promise<void> {
  const { types, audience, onEvent, onGap, onReconnect, store, signal } = options;
  const backoff = createBackoff(options.maxWaitMs ?? MAX_WAIT_MS);
  let silenceMs = options.silenceMs ?? INITIAL_SILENCE_MS;
  let lastEventId = options.lastEventId ?? (await store?.load()) ?? undefined;
  let refusedToken: string | undefined;

  const target = new URL(url.replace(/(?<!\/)\/+$/, '') + PATH);
  if (types) target.searchParams.set('types', types.join(','));
  if (audience) target.searchParams.set('audience', audience);

  const saveId = async (id: string): Promise<void> => {
    lastEventId = id;
    await store?.save(id);
  };
  const handle = async ({ id, event = 'message', data }: EventSourceMessage): Promise<void> => {
    const content = JSON.parse(data) as unknown;
    if (event === 'stream.gap') {
      const gap = content as { last_event_id: string; oldest_event_id: string | null };
      await onGap?.({ lastEventId: gap.last_event_id, oldestEventId: gap.oldest_event_id });
    } else if (event === 'stream.open') {
      const { heartbeat_ms: heartbeatMs } = content as { heartbeat_ms: number };
      silenceMs = options.silenceMs ?? heartbeatMs * SILENT_HEARTBEATS;
    } else if (!event.startsWith('stream.'))
      await onEvent({ id: id ?? '', type: event, data: content, json: data } as StreamedEvent<Catalog>);
    if (id !== undefined) await saveId(id);
  };

  /** Opens one connection, and handles its events until it ends. */
  const connect = async (): Promise<Outcome> => {
    const bearer = await readToken(token);
    const connection = new AbortController();
    const abort = (): void => {
      connection.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const silenceTimer = createSilenceTimer(
      () => silenceMs,
      () => {
        connection.abort(new Error(`The connection was silent for ${String(silenceMs)} ms.`));
      },
    );
    try {
      silenceTimer.start();
      const headers = { accept: EVENT_STREAM, authorization: `Bearer ${bearer}`, ...lastEventIdHeader(lastEventId) };
      const response = await fetch(target, { headers, signal: connection.signal });
      if (response.status === 204) return { done: true };
      if (!response.ok || !response.body) {
        const refusal = await refusalOf(response);
        // The token may have expired just now. A 401 is permanent when the token source returns the same token again.
        const isRefusedForever = refusal.status === 401 ? bearer === refusedToken : isPermanent(refusal.status);
        refusedToken = refusal.status === 401 ? bearer : undefined;
        if (isRefusedForever || (refusal.status === 401 && typeof token === 'string')) throw new Permanent(refusal);
        return { error: refusal, retryAfterMs: retryAfterMs(response) };
      }
      refusedToken = undefined;
      const contentType = response.headers.get('content-type');
      if (!contentType?.startsWith(EVENT_STREAM))
        return { error: new Error(`The response is not a stream. Its content type is "${String(contentType)}".`) };
      backoff.reset();
      const events: EventSourceMessage[] = [];
      const parser = createParser({ onEvent: (event) => events.push(event), onRetry: backoff.setRetry });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        silenceTimer.start();
        const { done, value } = await reader.read();
        silenceTimer.stop();
        if (done) return {};
        parser.feed(value);
        for (const event of events.splice(0)) {
          if (signal?.aborted) return {};
          await handle(event).catch((error: unknown) => {
            throw new Permanent(error);
          });
        }
      }
    } catch (error) {
      if (error instanceof Permanent) throw error.cause;
      return { error };
    } finally {
      silenceTimer.stop();
      signal?.removeEventListener('abort', abort);
      connection.abort();
    }
  };

  while (!signal?.aborted) {
    const { done, error, retryAfterMs } = await connect();
    if (done || signal?.aborted) return;
    const waitMs = error === undefined ? backoff.afterEnd() : backoff.afterFailure(retryAfterMs);
    await onReconnect?.(waitMs, error);
    await pause(waitMs, signal);
  }
}

/** How a connection ended; without an error, the server ended it. */
interface Outcome {
  done?: true;
  error?: unknown;
  retryAfterMs?: number | undefined;
}

/** Wraps an error that ends the whole stream, not only a connection. */
class Permanent extends Error {
  constructor(override readonly cause: unknown) {
    super('permanent');
  }
}

function isPermanent(status: number): boolean {
  return status < 500 && !TEMPORARY.has(status);
}

/**
 * Returns the header `Last-Event-ID`. Headers are Latin-1 in `fetch`: the bytes of the id in UTF-8 are sent, as a browser's
 * EventSource does.
 */
function lastEventIdHeader(id: string | undefined): Record<string, string> {
  if (id === undefined) return {};
  return { 'last-event-id': String.fromCharCode(...new TextEncoder().encode(id)) };
}

async function refusalOf(response: Response): Promise<StreamError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
  const problem = isProblem ? ((await response.json().catch(() => undefined)) as Problem | undefined) : undefined;
  return new StreamError(response.status, problem);
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** Creates a timer that calls `onSilence` when it is not stopped or started again in time. */
function createSilenceTimer(limitMs: () => number, onSilence: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    start() {
      clearTimeout(timer);
      timer = setTimeout(onSilence, limitMs());
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/** Resolves after this time, or when the signal is aborted. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
