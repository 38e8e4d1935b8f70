import type { RequestHandler } from 'express';
import { Counter, Histogram, type Registry } from 'prom-client';

/** So that a client cannot make up labels: whatever else it says is `other`. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);
const NO_ROUTE = 'none';

/**
 * Counts requests that ended, by the pattern of their route: paths have ids in them, of which there is no end. The duration
 * of a stream is its client's choice, so those that were opened are left out of it.
 *
 * @param stream the pattern of the stream's route
 */
export function measureRequests(registry: Registry, stream: string): RequestHandler {
  const registers = [registry];
  const requests = new Counter({
    name: 'tidings_http_requests_total',
    help: 'Requests that ended, without probes. "none" is the route of those that have none, or were refused before it was found.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer, without streams.',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const method = METHODS.has(request.method) ? request.method : 'other';
      const route = (response.locals as { pattern?: string }).pattern ?? NO_ROUTE;
      const { statusCode } = response;
      requests.inc({ method, route, status: String(statusCode) });
      if (route === stream && statusCode === 200) return;
      duration.observe({ method, route }, (performance.now() - startedAt) / 1000);
    });
    next();
  };
}
