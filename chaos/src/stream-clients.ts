import { setMaxListeners } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { matches } from '@tidings/events';
import type { StreamClientLog } from './judge-streams.js';
import type { Random } from './random.js';

interface StreamClientsOptions {
  count: number;
  owners: readonly string[];
  /** The id of the event after which each client starts. */
  after: string;
  /** Returns the URL of an API process that should answer; called for each connection. */
  url: () => string;
  token: (owner: string) => string;
  random: Random;
}

/** Clients of the stream that lose their connections all the time and reconnect with the id of their last event. */
export interface StreamClients {
  logs: readonly StreamClientLog[];
  /** The number of connections that the clients have opened. */
  connections: () => number;
  /** Stops closing connections on purpose, and reading slowly. */
  keepConnections: () => void;
  stop: () => Promise<void>;
}

/** How long a client keeps a connection, and how long it waits before the next one. */
const CONNECTED_MS = [200, 4000] as const;
const RECONNECT_MS = [10, 400] as const;
/** The `?types=` of the clients, in turn. */
const TYPES = [undefined, undefined, 'sync.*', 'extraction.*,gaps.updated'];
/** The share of connections that read slowly, and how long they pause after each chunk. */
const SLOW = 0.1;
const SLOW_MS = 300;

/** Starts `count` clients; the owners and the types are assigned in turn. */
export function startStreamClients({ count, owners, after, url, token, random }: StreamClientsOptions): StreamClients {
  let connections = 0;
  let keepsConnections = false;
  const stopping = new AbortController();
  const { signal } = stopping;
  setMaxListeners(0, signal);

  const connect = async (log: StreamClientLog, owner: string, types: string | undefined): Promise<void> => {
    const target = new URL('/api/events/stream', url());
    if (types !== undefined) target.searchParams.set('types', types);
    const headers = { authorization: `Bearer ${token(owner)}`, 'last-event-id': log.received.at(-1) ?? after };
    const connectedMs = keepsConnections ? undefined : random.between(...CONNECTED_MS);
    const isSlow = random.chance(SLOW);
    connections += 1;
    let hasStream = false;
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
        hasStream = true;
        response.setEncoding('utf8').on('data', (text: string) => {
          parser.feed(text);
          if (!isSlow || keepsConnections) return;
          response.pause();
          setTimeout(() => response.resume(), SLOW_MS);
        });
        response.on('error', () => undefined).once('close', ended);
      });
      // At a random time, also in the middle of an event.
      const timer = connectedMs === undefined ? undefined : setTimeout(() => connection.destroy(), connectedMs);
      // A request is closed before a slow client has read all of its response: only then is the last event known.
      const closed = (): void => {
        if (!hasStream) ended();
      };
      connection
        .on('error', () => undefined)
        .once('close', closed)
        .end();
    });
  };

  const logs: StreamClientLog[] = [];
  const running = Array.from({ length: count }, async (_, index) => {
    const owner = owners[index % owners.length] as string;
    const types = TYPES[index % TYPES.length];
    const patterns = types?.split(',');
    const log: StreamClientLog = {
      name: `${owner}#${String(index)}`,
      received: [],
      gaps: 0,
      maySee: (event) =>
        (event.owner === null || event.owner === owner) && (patterns?.some((pattern) => matches(pattern, event.type)) ?? true),
    };
    logs.push(log);
    while (!signal.aborted) {
      await connect(log, owner, types);
      await wait(keepsConnections ? RECONNECT_MS[0] : random.between(...RECONNECT_MS));
    }
  });

  return {
    logs,
    connections: () => connections,
    keepConnections() {
      keepsConnections = true;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
