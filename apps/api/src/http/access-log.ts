import type { RequestHandler } from 'express';
import type { Logger } from '@tidings/runtime/logging';
import { requestId } from './request-id.js';
import { shownPath } from './shown-path.js';
import { traceOf } from './trace-requests.js';

/**
 * Logs one line for each request when its response closes. Probes and other public routes are not logged: `createApp`
 * mounts them in front of it. The line leaves out the query string, which may hold credentials.
 */
export function accessLog(log: Pick<Logger, 'info'>): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const { method } = request;
    const path = shownPath(request);
    response.locals['startedAt'] = startedAt;
    response.once('close', () => {
      log.info(`${method} ${path} ${String(response.statusCode)}`, {
        request_id: requestId(response),
        method,
        path,
        status: response.statusCode,
        duration_ms: Math.round(performance.now() - startedAt),
        // Why the request is not authenticated: the answer does not say it.
        reason: (response.locals as { refusal?: string }).refusal,
        owner: (response.locals as { caller?: { owner: string } }).caller?.owner,
        event_id: (response.locals as { eventId?: string }).eventId,
        ...traceOf(response),
      });
    });
    next();
  };
}
