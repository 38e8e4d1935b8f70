import { afterEach } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSignal } from './signal.js';

/** One request, as it came. */
export interface Arrival {
  /** `webhook-id`: the event's id. */
  id: string;
  headers: Record<string, string>;
  body: Buffer;
  /** On the clock of `performance.now()`. */
  atMs: number;
}

/** A status, with headers if there are any. */
type Reply = number | { status: number; headers: Record<string, string> };

/**
 * What to answer with, now or when the promise resolves.
 *
 * @param attempt how often this id has come, from 1
 */
export type Answer = (attempt: number, arrival: Arrival) => Reply | Promise<Reply>;

export interface Receiver {
  url: string;
  /** Everything that came, in order. */
  arrivals: readonly Arrival[];
  /** Resolves with everything that came, once there are so many requests. */
  waitFor: (count: number) => Promise<readonly Arrival[]>;
  /** How often each id came. */
  counts: () => Record<string, number>;
  /** From now on its port refuses connections. */
  stop: () => Promise<void>;
}

const running = new Set<Receiver>();
afterEach(async () => {
  await Promise.all([...running].map((receiver) => receiver.stop()));
});

/** A customer's endpoint on a free port. It lives as long as the test that started it. The body of its answers is `thanks`. */
export async function startReceiver(answer: Answer = () => 200): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const signal = createSignal();
  const counts = (): Record<string, number> => {
    const result: Record<string, number> = {};
    for (const { id } of arrivals) result[id] = (result[id] ?? 0) + 1;
    return result;
  };

  const server = createServer((request, response) => {
    const atMs = performance.now();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const headers = request.headers as Record<string, string>;
      const arrival = { id: headers['webhook-id'] ?? '', headers, body: Buffer.concat(chunks), atMs };
      arrivals.push(arrival);
      signal.notify();
      void Promise.resolve(answer(counts()[arrival.id] ?? 0, arrival)).then((reply) => {
        const { status, headers: answered } = typeof reply === 'number' ? { status: reply, headers: {} } : reply;
        response.writeHead(status, answered).end('thanks');
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const receiver: Receiver = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    arrivals,
    counts,
    async waitFor(count) {
      await signal.waitUntil(
        () => arrivals.length >= count,
        () => `${String(count)} requests were expected; these came: ${JSON.stringify(arrivals.map(({ id }) => id))}`,
      );
      return arrivals;
    },
    async stop() {
      running.delete(receiver);
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  running.add(receiver);
  return receiver;
}
