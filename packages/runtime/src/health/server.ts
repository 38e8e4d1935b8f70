import { createServer } from 'node:http';
import { startListening } from '@tidings/runtime/listen';
import type { CheckReadiness } from './readiness.js';

/** The metrics of a process: a registry of prom-client. */
export interface RenderedMetrics {
  /** Renders the metrics in Prometheus's text format. */
  metrics: () => Promise<string>;
  /** The content type of that text. */
  contentType: string;
}

/** The server that {@link startHealthServer} started. */
export interface HealthServer {
  /** The port that the server listens on. */
  port: number;
  /** Closes every connection, and accepts no new ones. */
  close: () => void;
}

/** Limits for probes, which are short and fast: slower or longer requests get a 408 or a 431. In milliseconds and bytes. */
const SERVER_OPTIONS = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000, maxHeaderSize: 8192 };
const MAX_CONNECTIONS = 100;

/**
 * Starts a server for operators, on a separate port that only they have to reach.
 *
 * `GET /healthz`: 200, the process is alive. `GET /readyz`: 200 when every dependency answers, otherwise 503, with the state of
 * each. `GET /metrics`: the metrics in Prometheus's text format. Rejects with a `ListenError` when the address is not available.
 *
 * @param address the host and the port (0: any free port) of `HEALTH_HOST` and `HEALTH_PORT`
 * @param checkReadiness the check of `GET /readyz`
 */
export async function startHealthServer(
  address: { host: string; port: number },
  checkReadiness: CheckReadiness,
  metrics: RenderedMetrics,
): Promise<HealthServer> {
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/healthz') answer(200, { status: 'ok' });
    else if (request.url === '/readyz') {
      void checkReadiness().then(({ ready, checks }) => {
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
  const port = await startListening(server, { ...address, settings: { host: 'HEALTH_HOST', port: 'HEALTH_PORT' } });
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
