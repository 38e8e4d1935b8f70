import { once } from 'node:events';
import { createServer } from 'node:http';
import { checkReadiness, type Reachable } from '@tidings/health';
import type { Metrics } from './metrics.js';

export interface HealthServer {
  close: () => void;
}

/** A probe says little, and at once: slower or longer ones are cut off with a 408 or a 431. In milliseconds and bytes. */
const FOR_PROBES = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 };
const MAX_CONNECTIONS = 100;

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when every part answers, 503 when not, with what it found.
 * `GET /metrics`: in Prometheus's text format.
 */
export async function startHealthServer(
  port: number,
  parts: Readonly<Record<string, Reachable>>,
  metrics: Pick<Metrics, 'render' | 'contentType'>,
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
      void metrics.render().then((text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text));
    } else answer(404, { status: 'not found' });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port);
  await once(server, 'listening');
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
