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
  /** Adds a second path to the receiver at `path`. */
  addPath: (path: string, morePath: string) => void;
  /** Sets the webhook of the receiver, with the id and the secret from its registration. */
  setWebhook: (path: string, webhook: { id: string; secret: string }) => void;
  /**
   * Adds a secret to the webhook of the receiver, as after its rotation.
   *
   * @param othersForMs how long signatures with earlier secrets alone are still valid; undefined: without an end
   */
  addSecret: (path: string, secret: string, othersForMs?: number) => void;
  stop: () => Promise<void>;
}

/** The number of requests that are verified again with a new secret. */
const REVERIFIED = 50;

interface Endpoint {
  behaviour: Behaviour;
  webhook?: { id: string; secrets: { verifier: Webhook; untilMs: number }[] };
  counts: Map<string, number>;
  /** Verifies the newest requests without a valid signature again: a worker may know a webhook or secret before its owner. */
  reverify: (() => void)[];
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
      signature: verify(endpoint, body, request, atMs),
      bodyHash: createHash('sha256').update(body).digest('hex'),
      status,
      answeredAtMs: null,
      path: request.url ?? '',
      endedAtMs: null,
    };
    ledger.arrivals.push(arrival);
    if (arrival.signature !== 'valid') {
      endpoint.reverify.push(() => {
        arrival.webhook = endpoint.webhook?.id ?? 'unknown';
        arrival.signature = verify(endpoint, body, request, atMs);
      });
      if (endpoint.reverify.length > REVERIFIED) endpoint.reverify.shift();
    }
    response.once('close', () => {
      arrival.endedAtMs ??= nowMs();
    });
    if (status === null) return;
    setTimeout(() => {
      if (response.destroyed) return;
      response.once('finish', () => {
        arrival.answeredAtMs = nowMs();
        arrival.endedAtMs ??= arrival.answeredAtMs;
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
      endpoints.set(path, { behaviour, counts: new Map(), reverify: [] });
    },
    setBehaviour(path, behaviour) {
      endpointAt(path).behaviour = behaviour;
    },
    addPath(path, morePath) {
      endpoints.set(morePath, endpointAt(path));
    },
    setWebhook(path, { id, secret }) {
      const endpoint = endpointAt(path);
      endpoint.webhook = { id, secrets: [{ verifier: new Webhook(secret), untilMs: Infinity }] };
      for (const reverify of endpoint.reverify) reverify();
    },
    addSecret(path, secret, othersForMs) {
      const endpoint = endpointAt(path);
      if (!endpoint.webhook) throw new Error(`The receiver at ${path} has no webhook.`);
      const { secrets } = endpoint.webhook;
      if (othersForMs !== undefined) for (const other of secrets) other.untilMs = Math.min(other.untilMs, nowMs() + othersForMs);
      secrets.push({ verifier: new Webhook(secret), untilMs: Infinity });
      for (const reverify of endpoint.reverify) reverify();
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Verifies with the public package, as a customer does. It refuses timestamps more than five minutes from now. */
function verify({ webhook }: Endpoint, body: Buffer, { headers }: IncomingMessage, atMs: number): Signature {
  let signature: Signature = 'wrong';
  for (const { verifier, untilMs } of webhook?.secrets ?? []) {
    if (atMs > untilMs) continue;
    try {
      verifier.verify(body, headers as Record<string, string>);
      return 'valid';
    } catch (error) {
      if (error instanceof WebhookVerificationError && error.message.includes('timestamp')) signature = 'stale';
    }
  }
  return signature;
}
