import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { createBackoff } from './backoff.js';
import type { StreamedEvent, TypePattern } from './events.js';
import { StreamError, type Problem } from './stream-error.js';
import { readToken, type TokenSource } from './token.js';

/** Where the id of the last handled event is kept, so that a new start of the program goes on behind it. */
export interface EventStore {
  /** The id, or null when there is none yet. */
  load: () => string | null | undefined | Promise<string | null | undefined>;
  save: (id: string) => unknown;
}

/** The log does not have the event after which the stream was to go on: some may be missing. */
export interface StreamGap {
  lastEventId: string;
  /** The oldest event that is there, with which the stream goes on; null: there is none. */
  oldestEventId: string | null;
}

export interface StreamOptions {
  /** Default: all. */
  types?: readonly TypePattern[];
  /** `all`: everybody's events, for tokens with the scope `admin`. Default: what is for everyone, and the caller's own. */
  audience?: 'own' | 'all';
  /**
   * Called with each event, one after the other, in the order of the log. Nothing more is read before its promise
   * resolves, and only then is the event remembered: after a crash, the one that was being handled comes again. When it
   * throws, the stream ends with that error.
   */
  onEvent: (event: StreamedEvent) => unknown;
  /** Called when some events may be missing. Default: nothing. */
  onGap?: (gap: StreamGap) => unknown;
  /** Called before each wait for the next connection, in milliseconds, with what was wrong, if anything was. */
  onReconnect?: (waitMs: number, error?: unknown) => unknown;
  /** Go on behind this event. Default: the one in `store`, or what happens from now on. `@start`: the oldest there is. */
  lastEventId?: string;
  store?: EventStore;
  /** Ends the stream. */
  signal?: AbortSignal;
  /** A connection on which nothing comes for so long is given up. Default: two and a half heartbeats. In milliseconds. */
  silenceMs?: number;
  /** The longest wait between two attempts to connect, in milliseconds. Default 30,000. */
  maxWaitMs?: number;
}

export interface StreamParts {
  /** Of the API. */
  url: string;
  token: TokenSource;
  fetch: typeof fetch;
}

const PATH = '/api/events/stream';
const EVENT_STREAM = 'text/event-stream';
const SILENT_HEARTBEATS = 2.5;
/** Of an API of which nothing is known yet. */
const SILENCE_MS = 40_000;
const MAX_WAIT_MS = 30_000;
/** Refusals that pass. Any other status from 400 to 499 stays. */
const PASSING = new Set([408, 425, 429]);

/**
 * Follows the stream until `signal` says so, or the server says that there is no more (204): then it resolves. It connects
 * again by itself, however often that is needed, and goes on behind the last event that was handled. Rejects with a
 * {@link StreamError} when the API refuses it for good, and with whatever `onEvent`, `store` or the source of tokens throws.
 */
export async function followStream({ url, token, fetch }: StreamParts, options: StreamOptions): Promise<void> {
  const { types, audience, onEvent, onGap, onReconnect, store, signal } = options;
  const backoff = createBackoff(options.maxWaitMs ?? MAX_WAIT_MS);
  let silenceMs = options.silenceMs ?? SILENCE_MS;
  let lastEventId = options.lastEventId ?? (await store?.load()) ?? undefined;
  let refusedToken: string | undefined;

  const target = new URL(PATH, url);
  if (types) target.searchParams.set('types', types.join(','));
  if (audience) target.searchParams.set('audience', audience);

  const remember = async (id: string): Promise<void> => {
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
    } else if (!event.startsWith('stream.')) await onEvent({ id: id ?? '', type: event, data: content } as StreamedEvent);
    if (id !== undefined) await remember(id);
  };

  /** One connection, to its end. */
  const connect = async (): Promise<Outcome> => {
    const bearer = await readToken(token);
    const connection = new AbortController();
    const abort = (): void => {
      connection.abort(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const watch = watchSilence(
      () => silenceMs,
      () => {
        connection.abort(new Error('Nothing came for too long.'));
      },
    );
    try {
      watch.expect();
      const headers = { accept: EVENT_STREAM, authorization: `Bearer ${bearer}`, ...lastEventIdHeader(lastEventId) };
      const response = await fetch(target, { headers, signal: connection.signal });
      if (response.status === 204) return { done: true };
      if (!response.ok || !response.body) {
        const refusal = await refusalOf(response);
        // A token may have ended just now; the same one will not get any better.
        const isForGood = refusal.status === 401 ? bearer === refusedToken : isPermanent(refusal.status);
        refusedToken = refusal.status === 401 ? bearer : undefined;
        if (isForGood || (refusal.status === 401 && typeof token === 'string')) throw new Permanent(refusal);
        return { error: refusal, retryAfterMs: retryAfterMs(response) };
      }
      refusedToken = undefined;
      const contentType = response.headers.get('content-type');
      if (!contentType?.startsWith(EVENT_STREAM)) return { error: new Error(`This is no stream: ${String(contentType)}`) };
      backoff.reset();
      const events: EventSourceMessage[] = [];
      const parser = createParser({ onEvent: (event) => events.push(event), onRetry: backoff.setRetry });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        watch.expect();
        const { done, value } = await reader.read();
        watch.stop();
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
      watch.stop();
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

/** How a connection ended: by the server, if there is no error. */
interface Outcome {
  done?: true;
  error?: unknown;
  retryAfterMs?: number | undefined;
}

/** What ends the whole stream instead of a connection. */
class Permanent extends Error {
  constructor(override readonly cause: unknown) {
    super('permanent');
  }
}

function isPermanent(status: number): boolean {
  return status < 500 && !PASSING.has(status);
}

/** Headers are Latin-1, ids of ours are ASCII; others are sent as the UTF-8 that they are in a browser. */
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

/** Calls back when something that is expected does not come in time. */
function watchSilence(limitMs: () => number, onSilence: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    expect() {
      clearTimeout(timer);
      timer = setTimeout(onSilence, limitMs());
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

/** Resolves after a while, or at once when the signal says so. */
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
