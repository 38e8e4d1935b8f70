import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tidings/testing';

/** One request, as it came. */
export interface Arrival {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Somebody's endpoint on a free port of this machine. */
export interface Receiver {
  url: string;
  arrivals: readonly Arrival[];
  /** Resolves with everything that came, once there are so many requests. */
  waitFor: (count: number) => Promise<readonly Arrival[]>;
  close: () => void;
}

/** @param answer the status for a request, by how many came before it and which it is; now or when the promise resolves */
export async function startReceiver(
  answer: (before: number, arrival: Arrival) => number | Promise<number> = () => 200,
): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const { headers } = request;
      const arrival = { id: String(headers['webhook-id']), headers, body: Buffer.concat(chunks).toString() };
      void Promise.resolve(answer(arrivals.push(arrival) - 1, arrival)).then((status) =>
        response.writeHead(status).end('thanks'),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    arrivals,
    waitFor: (count) =>
      eventually(() => {
        if (arrivals.length < count) throw new Error(`${String(count)} were expected, ${String(arrivals.length)} came.`);
        return arrivals;
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
