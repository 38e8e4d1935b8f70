import { createServer, type IncomingHttpHeaders } from 'node:http';
import { eventually, listenOnOwnPort } from '@tidings/testing';

/** One request as received. */
export interface ReceivedRequest {
  id: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A webhook receiver on a port of its own on this machine. */
export interface Receiver {
  url: string;
  requests: readonly ReceivedRequest[];
  /** Resolves with all requests once there are at least `count`. */
  waitFor: (count: number) => Promise<readonly ReceivedRequest[]>;
  close: () => void;
}

/**
 * Starts a receiver. Every response has the body `thanks`.
 *
 * @param answer returns the status, from the number of earlier requests and the request; default 200
 */
export async function startReceiver(
  answer: (earlierCount: number, received: ReceivedRequest) => number | Promise<number> = () => 200,
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const { headers } = request;
      const received = { id: String(headers['webhook-id']), headers, body: Buffer.concat(chunks).toString() };
      void Promise.resolve(answer(requests.push(received) - 1, received)).then((status) =>
        response.writeHead(status).end('thanks'),
      );
    });
  });
  const port = await listenOnOwnPort(server);
  return {
    url: `http://127.0.0.1:${String(port)}/hook`,
    requests,
    waitFor: (count) =>
      eventually(() => {
        if (requests.length < count) throw new Error(`Expected ${String(count)} requests, received ${String(requests.length)}.`);
        return requests;
      }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
