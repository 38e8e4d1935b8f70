import { afterEach } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { listenOnOwnPort } from '@tidings/testing';
import { createSignal } from './signal.js';

/** A received request. */
export interface Arrival {
  /** `webhook-id`: the event's id. */
  id: string;
  headers: Record<string, string>;
  body: Buffer;
  /** The time of arrival on the clock of `performance.now()`. */
  atMs: number;
}

/** A status code, or a status code with headers, and a body. */
type Reply = number | { status: number; headers: Record<string, string>; body?: string };

/**
 * Returns the response to a request, or a promise of it.
 *
 * @param attempt the number of this request among those with the same `webhook-id`, from 1
 */
export type Answer = (attempt: number, arrival: Arrival) => Reply | Promise<Reply>;

export interface Receiver {
  url: string;
  /** All received requests, in order. */
  arrivals: readonly Arrival[];
  /** Resolves with all received requests, once there are at least `count`. */
  waitFor: (count: number) => Promise<readonly Arrival[]>;
  /** The number of requests of each `webhook-id`. */
  counts: () => Record<string, number>;
  /** Stops it: its port refuses connections from now on. */
  stop: () => Promise<void>;
}

const running = new Set<Receiver>();
afterEach(async () => {
  await Promise.all([...running].map((receiver) => receiver.stop()));
});

/** Starts a customer's receiver on a port of its own, until the end of the test. The body of its responses is `thanks`, unless the answer has one. */
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
        const { status, headers: answered, body = 'thanks' } = typeof reply === 'number' ? { status: reply, headers: {} } : reply;
        response.writeHead(status, answered).end(body);
      });
    });
  });
  const port = await listenOnOwnPort(server);

  const receiver: Receiver = {
    url: `http://127.0.0.1:${String(port)}/hook`,
    arrivals,
    counts,
    async waitFor(count) {
      await signal.waitUntil(
        () => arrivals.length >= count,
        () => `${String(count)} requests were expected; received: ${JSON.stringify(arrivals.map(({ id }) => id))}`,
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
