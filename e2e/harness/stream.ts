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
  /** Such as `sync.*`. Default: all. */
  types?: string;
  /** The last event that the client has. */
  lastEventId?: string;
}

/** A browser's way to follow the stream. */
export interface Follower {
  /** Everything that came, in order. */
  events: readonly StreamedEvent[];
  /** Their ids. */
  ids: () => string[];
  /** The `Last-Event-ID` of each connection that it made by itself; undefined where it had none. */
  resumedAfter: readonly (string | undefined)[];
  /** Resolves with everything that came, once there are so many events. */
  waitFor: (count: number) => Promise<readonly StreamedEvent[]>;
  /** Resolves once it lost its connection, and tries to get another one. */
  disconnected: () => Promise<void>;
  close: () => void;
}

const followers = new Set<Follower>();
afterEach(() => {
  for (const follower of followers) follower.close();
  followers.clear();
});

export function streamUrl(url: string, { types, lastEventId }: StreamOptions = {}): string {
  const target = new URL('/api/events/stream', url);
  if (types !== undefined) target.searchParams.set('types', types);
  if (lastEventId !== undefined) target.searchParams.set('last_event_id', lastEventId);
  return target.href;
}

/** Follows the stream with a real EventSource, and resolves once it is connected. It is closed when the test ends. */
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
  for (const type of [...catalog.streamedTypes, 'stream.gap', 'stream.end']) {
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
        () => `${String(count)} events were expected; these came: ${JSON.stringify(events)}`,
      );
      return events;
    },
    disconnected: () =>
      signal.waitUntil(
        () => source.readyState !== source.OPEN,
        () => 'The stream was expected to end; it is still open.',
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
