import { once } from 'node:events';
import { createServer } from 'node:http';
import { checkReadiness, type Reachable } from '@tidings/health';
import type { Metrics } from './metrics.js';

export interface HealthServer {
  close: () => void;
}

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when every part answers, 503 when not, with what it found.
 * `GET /metrics`: in Prometheus's text format.
 */
export async function startHealthServer(
  port: number,
  parts: Readonly<Record<string, Reachable>>,
  metrics: Pick<Metrics, 'render' | 'contentType'>,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
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
  }).listen(port);
  await once(server, 'listening');
  return {
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
