import { afterEach } from '@jest/globals';
import { eventually } from '@tidings/testing';
import type { TestApi } from './start-api.js';

interface FollowOptions {
  /** The owner whose token is sent. Default: no token. */
  owner?: string;
  scope?: string;
  /** Sent instead of a new token of the owner. */
  token?: string;
  query?: string;
  lastEventId?: string;
  headers?: Record<string, string>;
}

/** An open stream. */
export interface FollowedStream {
  response: Response;
  received: { text: string; ended: boolean };
  /** Returns the ids of the events so far. */
  ids: () => string[];
  /** Returns the id of `stream.open`, after which the client can resume before its first event. */
  openId: () => string | undefined;
  /** Resolves when the check no longer throws. */
  waitFor: (check: () => void) => Promise<void>;
  close: () => void;
}

const streams = new Set<AbortController>();
afterEach(() => {
  for (const stream of streams) stream.abort();
  streams.clear();
});

/** Opens the stream and records its text. It is closed when the test ends. */
export async function followStream(api: TestApi, options: FollowOptions = {}): Promise<FollowedStream> {
  const { owner, scope = '', query = '', lastEventId } = options;
  const token = options.token ?? (owner === undefined ? undefined : api.token(owner, { scope }));
  const abort = new AbortController();
  streams.add(abort);
  const response = await fetch(`${api.url}/api/events/stream?${query}`, {
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      ...options.headers,
    },
    signal: abort.signal,
  });
  const received = { text: '', ended: false };
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) received.text += decoder.decode(chunk as Uint8Array, { stream: true });
    received.ended = true;
  })().catch(() => undefined);
  return {
    response,
    received,
    ids: () => [...received.text.matchAll(/^id: (.+)\nevent: (?!stream\.)/gm)].map(([, id]) => String(id)),
    openId: () => /^id: (.+)\nevent: stream\.open$/m.exec(received.text)?.[1],
    waitFor: (check) => eventually(check),
    close: () => {
      abort.abort();
    },
  };
}

/** Publishes events as a service does, and returns their ids. */
export async function publishTo(api: TestApi, ...events: object[]): Promise<string[]> {
  const response = await api.as('service', 'events:publish').post('/api/events').send({ events });
  return (response.body as { data: { id: string }[] }).data.map(({ id }) => id);
}

/** An event for one owner. */
export const syncOf = (user_id: string) => ({
  type: 'sync.completed',
  data: { user_id, items_synced: 1, errors: 0, duration_s: 1 },
});

/** An event for everyone, of about `bytes` bytes. */
export const forEveryone = (bytes = 0) => ({
  type: 'extraction.started',
  data: {
    version: 'x'.repeat(Math.max(1, bytes % 200)),
    entity_types: Array<string>(Math.floor(bytes / 200)).fill('x'.repeat(197)),
  },
});
