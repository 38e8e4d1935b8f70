import { setMaxListeners } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { matches } from '@tidings/events';
import type { FollowerLog } from './judge-streams.js';
import type { Random } from './random.js';

interface FollowersParts {
  count: number;
  users: readonly string[];
  /** Where some of them begin: each has this event already. */
  after: string;
  /** Of an API process that should answer; asked for each connection. */
  url: () => string;
  token: (user: string) => string;
  random: Random;
}

/** Clients that follow the stream, lose their connections all the time, and come back with the last event that they have. */
export interface Followers {
  logs: readonly FollowerLog[];
  /** How often one of them connected. */
  connections: () => number;
  /** From now on they keep their connections, unless they lose them. */
  settle: () => void;
  stop: () => Promise<void>;
}

/** How long a connection is kept, and how long its client is away, in milliseconds. */
const KEPT_MS = [200, 4000] as const;
const AWAY_MS = [10, 400] as const;
/** What some of them ask for. */
const TYPES = [undefined, undefined, 'sync.*', 'extraction.*,gaps.updated'];
const SLOW = 0.1;
const SLOW_MS = 300;

/** Begins to follow. */
export function startFollowers({ count, users, after, url, token, random }: FollowersParts): Followers {
  let connections = 0;
  let isSettled = false;
  const stopping = new AbortController();
  const { signal } = stopping;
  setMaxListeners(0, signal);

  const connect = async (log: FollowerLog, user: string, types: string | undefined): Promise<void> => {
    const target = new URL('/api/events/stream', url());
    if (types !== undefined) target.searchParams.set('types', types);
    const headers = { authorization: `Bearer ${token(user)}`, 'last-event-id': log.received.at(-1) ?? after };
    const keptMs = isSettled ? undefined : random.between(...KEPT_MS);
    const isSlow = random.chance(SLOW);
    connections += 1;
    await new Promise<void>((resolve) => {
      const ended = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const parser = createParser({
        onEvent: ({ id, event }) => {
          if (id !== undefined) log.received.push(id);
          else if (event === 'stream.gap') log.gaps += 1;
        },
      });
      const connection = request(target, { headers, signal, agent: false }, (response: IncomingMessage) => {
        if (response.statusCode !== 200) {
          connection.destroy();
          return;
        }
        response.setEncoding('utf8').on('data', (text: string) => {
          parser.feed(text);
          if (!isSlow || isSettled) return;
          response.pause();
          setTimeout(() => response.resume(), SLOW_MS);
        });
        response.on('error', () => undefined).once('close', ended);
      });
      // Wherever it is, also in the middle of an event.
      const timer = keptMs === undefined ? undefined : setTimeout(() => connection.destroy(), keptMs);
      connection.on('error', ended).once('close', ended).end();
    });
  };

  const logs: FollowerLog[] = [];
  const running = Array.from({ length: count }, async (_, index) => {
    const user = users[index % users.length] as string;
    const types = TYPES[index % TYPES.length];
    const patterns = types?.split(',');
    const log: FollowerLog = {
      name: `${user}#${String(index)}`,
      received: [],
      gaps: 0,
      maySee: (event) =>
        (event.user === null || event.user === user) && (patterns?.some((pattern) => matches(pattern, event.type)) ?? true),
    };
    logs.push(log);
    while (!signal.aborted) {
      await connect(log, user, types);
      await wait(isSettled ? AWAY_MS[0] : random.between(...AWAY_MS));
    }
  });

  return {
    logs,
    connections: () => connections,
    settle() {
      isSettled = true;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
