import type { RequestHandler } from 'express';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Any other method is counted as `other`, so that a client cannot create new label values. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);
const NO_ROUTE = 'none';

/**
 * Counts completed requests by the pattern of their route, such as `/api/webhooks/{id}`: paths hold ids, so their number has
 * no limit. The durations leave out opened streams, because a stream lasts as long as its client wants.
 *
 * @param stream the pattern of the stream's route
 */
export function measureRequests(registry: Registry, stream: string): RequestHandler {
  const registers = [registry];
  const requests = new Counter({
    name: 'tidings_http_requests_total',
    help: 'Completed requests, without probes and public documents. The route is "none" where no route matches, or where the request was refused before routing.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_http_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response, without streams.',
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
