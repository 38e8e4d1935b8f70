import { afterEach } from '@jest/globals';
import { EventSource } from 'eventsource';
import { catalog } from '@tidings/events';
import { createSignal } from './signal.js';

export interface StreamedEvent {
  id: string;
  type: string;
  data: unknown;
}

export interface StreamOptions {
  /** The parameter `?types=`, such as `sync.*`. Default: all types. */
  types?: string;
  /** The id of the last event that the client has. */
  lastEventId?: string;
  /** The types that the client listens to, as an EventSource must name each. Default: those that a new installation has. */
  listenTo?: readonly string[];
}

/** A client of the stream, with the EventSource of browsers. */
export interface Follower {
  /** All received events, in order. */
  events: readonly StreamedEvent[];
  /** The ids of the received events. */
  ids: () => string[];
  /** The header `Last-Event-ID` of each connection; undefined where the request had none. */
  resumedAfter: readonly (string | undefined)[];
  /** Resolves with all received events, once there are at least `count`. */
  waitFor: (count: number) => Promise<readonly StreamedEvent[]>;
  /** Resolves once the connection is lost and the client reconnects. */
  disconnected: () => Promise<void>;
  close: () => void;
}

const followers = new Set<Follower>();
afterEach(() => {
  for (const follower of followers) follower.close();
  followers.clear();
});

/** The URL of the stream with these options. */
export function streamUrl(url: string, { types, lastEventId }: StreamOptions = {}): string {
  const target = new URL('/api/events/stream', url);
  if (types !== undefined) target.searchParams.set('types', types);
  if (lastEventId !== undefined) target.searchParams.set('last_event_id', lastEventId);
  return target.href;
}

/** Follows the stream with an EventSource. Resolves once it is connected. It is closed after the test. */
export async function follow(url: string, token: string, options: StreamOptions = {}): Promise<Follower> {
  const events: StreamedEvent[] = [];
  const resumedAfter: (string | undefined)[] = [];
  const signal = createSignal();
  const source = new EventSource(streamUrl(url, options), {
    fetch: (input, init) => {
      resumedAfter.push((init.headers as Record<string, string>)['Last-Event-ID']);
      return fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
    },
  });
  for (const name of ['open', 'error']) source.addEventListener(name, signal.notify);
  for (const type of [...(options.listenTo ?? catalog.streamedTypes), 'stream.gap', 'stream.end']) {
    source.addEventListener(type, ({ lastEventId: id, data }: MessageEvent) => {
      events.push({ id, type, data: JSON.parse(String(data)) });
      signal.notify();
    });
  }

  const follower: Follower = {
    events,
    ids: () => events.map(({ id }) => id),
    resumedAfter,
    async waitFor(count) {
      await signal.waitUntil(
        () => events.length >= count,
        () => `${String(count)} events were expected; received: ${JSON.stringify(events)}`,
      );
      return events;
    },
    disconnected: () =>
      signal.waitUntil(
        () => source.readyState !== source.OPEN,
        () => 'The stream is still open.',
      ),
    close: () => {
      source.close();
    },
  };
  followers.add(follower);
  await signal.waitUntil(
    () => source.readyState !== source.CONNECTING,
    () => 'The stream did not open.',
  );
  if (source.readyState === source.CLOSED) throw new Error('The stream was refused.');
  return follower;
}
