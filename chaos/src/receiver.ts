import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { nowMs, type Arrival, type Ledger, type Signature } from './ledger.js';

/** How a receiver answers a request: with a status after a while, or, without a status, never. */
export interface Answer {
  status: number | null;
  afterMs: number;
}

/** @param attempt how often this event has come to this webhook, from 1 */
export type Behaviour = (attempt: number) => Answer;

export interface Receivers {
  port: number;
  /** The path of a webhook's URL, and how what it leads to behaves. */
  add: (path: string, behaviour: Behaviour) => void;
  /** From now on it behaves like that. */
  behave: (path: string, behaviour: Behaviour) => void;
  /** What the API said when the webhook behind the path was registered. */
  learn: (path: string, webhook: { id: string; secret: string }) => void;
  stop: () => Promise<void>;
}

interface Endpoint {
  behaviour: Behaviour;
  webhook?: { id: string; verifier: Webhook };
  counts: Map<string, number>;
}

/** Customers' endpoints, one for each path. They write each request to the ledger, with what their verifier makes of it. */
export async function startReceivers(ledger: Ledger): Promise<Receivers> {
  const endpoints = new Map<string, Endpoint>();
  const server = createServer((request, response) => {
    const atMs = nowMs();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const endpoint = endpoints.get(request.url ?? '');
      if (endpoint === undefined) response.writeHead(404).end();
      else take(endpoint, request, response, Buffer.concat(chunks), atMs);
    });
  });
  // A connection that we close just as it is used again would look like a fault.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const take = (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse, body: Buffer, atMs: number): void => {
    const event = String(request.headers['webhook-id']);
    const attempt = (endpoint.counts.get(event) ?? 0) + 1;
    endpoint.counts.set(event, attempt);
    const { status, afterMs } = endpoint.behaviour(attempt);
    const arrival: Arrival = {
      webhook: endpoint.webhook?.id ?? 'unknown',
      event,
      attempt,
      atMs,
      signature: endpoint.webhook ? verify(endpoint.webhook.verifier, body, request) : 'wrong',
      bodyHash: createHash('sha256').update(body).digest('hex'),
      status,
      answeredAtMs: null,
    };
    ledger.arrivals.push(arrival);
    if (status === null) return;
    setTimeout(() => {
      if (response.destroyed) return;
      response.once('finish', () => {
        arrival.answeredAtMs = nowMs();
      });
      response.writeHead(status).end();
    }, afterMs);
  };

  const endpointAt = (path: string): Endpoint => {
    const endpoint = endpoints.get(path);
    if (!endpoint) throw new Error(`There is no receiver at ${path}.`);
    return endpoint;
  };

  return {
    port: (server.address() as AddressInfo).port,
    add(path, behaviour) {
      endpoints.set(path, { behaviour, counts: new Map() });
    },
    behave(path, behaviour) {
      endpointAt(path).behaviour = behaviour;
    },
    learn(path, { id, secret }) {
      endpointAt(path).webhook = { id, verifier: new Webhook(secret) };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** By the public package, as a customer would. It refuses timestamps that are more than five minutes away. */
function verify(verifier: Webhook, body: Buffer, { headers }: IncomingMessage): Signature {
  try {
    verifier.verify(body, headers as Record<string, string>);
    return 'valid';
  } catch (error) {
    return error instanceof WebhookVerificationError && error.message.includes('timestamp') ? 'stale' : 'wrong';
  }
}
