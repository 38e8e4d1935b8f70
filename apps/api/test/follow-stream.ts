import { afterEach } from '@jest/globals';
import { eventually } from '@tidings/testing';
import type { TestApi } from './start-api.js';

interface FollowOptions {
  /** Whose token to send. Default: none. */
  user?: string;
  scope?: string;
  /** Instead of a usual token of theirs. */
  token?: string;
  query?: string;
  lastEventId?: string;
  headers?: Record<string, string>;
}

export interface Following {
  response: Response;
  seen: { text: string; ended: boolean };
  /** The ids of the events that came. */
  ids: () => string[];
  /** What it was told to resume after, before any event came. */
  opened: () => string | undefined;
  /** Resolves once the check throws no more. */
  until: (check: () => void) => Promise<void>;
  close: () => void;
}

const streams = new Set<AbortController>();
afterEach(() => {
  for (const stream of streams) stream.abort();
  streams.clear();
});

/** Follows the stream, and notes its text. It is closed when the test ends. */
export async function followStream(api: TestApi, options: FollowOptions = {}): Promise<Following> {
  const { user, scope = '', query = '', lastEventId } = options;
  const token = options.token ?? (user === undefined ? undefined : api.token(user, { scope }));
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
  const seen = { text: '', ended: false };
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) seen.text += decoder.decode(chunk as Uint8Array, { stream: true });
    seen.ended = true;
  })().catch(() => undefined);
  return {
    response,
    seen,
    ids: () => [...seen.text.matchAll(/^id: (.+)\nevent: (?!stream\.)/gm)].map(([, id]) => String(id)),
    opened: () => /^id: (.+)\nevent: stream\.open$/m.exec(seen.text)?.[1],
    until: (check) => eventually(check),
    close: () => {
      abort.abort();
    },
  };
}

/** Publishes as a service does, and answers with the ids. */
export async function publishTo(api: TestApi, ...events: object[]): Promise<string[]> {
  const response = await api.as('service', 'events:publish').post('/api/events').send({ events });
  return (response.body as { data: { id: string }[] }).data.map(({ id }) => id);
}

/** An event of one user. */
export const syncOf = (user_id: string) => ({
  type: 'sync.completed',
  data: { user_id, items_synced: 1, errors: 0, duration_s: 1 },
});

/** An event of everyone, of about so many bytes. */
export const forEveryone = (bytes = 0) => ({
  type: 'extraction.started',
  data: {
    version: 'x'.repeat(Math.max(1, bytes % 200)),
    entity_types: Array<string>(Math.floor(bytes / 200)).fill('x'.repeat(197)),
  },
});
