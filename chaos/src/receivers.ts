import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { nowMs, type Arrival, type Ledger, type Signature } from './ledger.js';

/** How a receiver answers a request. */
export interface Answer {
  /** Null: it never answers. */
  status: number | null;
  afterMs: number;
}

/** @param attempt the number of this request among those of the same event to the same webhook, from 1 */
export type Behaviour = (attempt: number) => Answer;

export interface Receivers {
  port: number;
  /** Adds a receiver at the path. */
  add: (path: string, behaviour: Behaviour) => void;
  /** Changes the behaviour of the receiver at the path. */
  setBehaviour: (path: string, behaviour: Behaviour) => void;
  /** Sets the webhook of the receiver, with the id and the secret from its registration. */
  setWebhook: (path: string, webhook: { id: string; secret: string }) => void;
  stop: () => Promise<void>;
}

interface Endpoint {
  behaviour: Behaviour;
  webhook?: { id: string; verifier: Webhook };
  counts: Map<string, number>;
}

/** Starts a server with one receiver for each path. It writes each request to the ledger, with the result of its verification. */
export async function startReceivers(ledger: Ledger): Promise<Receivers> {
  const endpoints = new Map<string, Endpoint>();
  const server = createServer((request, response) => {
    const atMs = nowMs();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const endpoint = endpoints.get(request.url ?? '');
      if (endpoint === undefined) response.writeHead(404).end();
      else handle(endpoint, request, response, Buffer.concat(chunks), atMs);
    });
  });
  // Closing a keep-alive connection at the moment of its next request would look like a fault.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const handle = (endpoint: Endpoint, request: IncomingMessage, response: ServerResponse, body: Buffer, atMs: number): void => {
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
    setBehaviour(path, behaviour) {
      endpointAt(path).behaviour = behaviour;
    },
    setWebhook(path, { id, secret }) {
      endpointAt(path).webhook = { id, verifier: new Webhook(secret) };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Verifies with the public package, as a customer does. It refuses timestamps more than five minutes from now. */
function verify(verifier: Webhook, body: Buffer, { headers }: IncomingMessage): Signature {
  try {
    verifier.verify(body, headers as Record<string, string>);
    return 'valid';
  } catch (error) {
    return error instanceof WebhookVerificationError && error.message.includes('timestamp') ? 'stale' : 'wrong';
  }
}
