import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkReadiness, type Reachable } from './readiness.js';

/** What a process has counted: the registry of prom-client. */
export interface RenderedMetrics {
  /** In Prometheus's text format. */
  metrics: () => Promise<string>;
  contentType: string;
}

/** The server that {@link startHealthServer} started. */
export interface HealthServer {
  port: number;
  /** Takes no new requests, and closes every connection. */
  close: () => void;
}

/** A probe says little, and at once: slower or longer ones are cut off with a 408 or a 431. In milliseconds and bytes. */
const FOR_PROBES = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 };
const MAX_CONNECTIONS = 100;

/**
 * Serves those who run a process, on a port of its own that nobody else need reach.
 *
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when every part answers, 503 when not, with what it found.
 * `GET /metrics`: in Prometheus's text format. Rejects when the port cannot be had.
 *
 * @param port 0: any that is free
 */
export async function startHealthServer(
  port: number,
  parts: Readonly<Record<string, Reachable>>,
  metrics: RenderedMetrics,
): Promise<HealthServer> {
  const server = createServer(FOR_PROBES, (request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/healthz') answer(200, { status: 'ok' });
    else if (request.url === '/readyz') {
      void checkReadiness(parts).then(({ ready, checks }) => {
        answer(ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks });
      });
    } else if (request.url === '/metrics') {
      metrics.metrics().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => {
          answer(500, { status: 'the metrics could not be read' });
        },
      );
    } else answer(404, { status: 'not found' });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
