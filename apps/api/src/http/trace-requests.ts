import type { RequestHandler, Response } from 'express';
import type { TraceIds, Tracing } from '@tidings/runtime/tracing';
import { callerOf } from '../auth/authenticate.js';

/** Whose `traceparent` is believed: services'. Anybody else's would have our traces recorded, or join them, at their will. */
const TRUSTED_SCOPE = 'events:publish';

interface TraceRequestsParts {
  tracing: Tracing;
  /** These paths are left out: what lasts for hours is no span. */
  untraced: readonly string[];
}

/**
 * A span for each request that was authenticated, from its arrival to the end of its answer, by the conventions for HTTP
 * servers (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span). Those that were not are only
 * logged: a flood of them is nothing to keep.
 */
export function traceRequests({ tracing, untraced }: TraceRequestsParts): RequestHandler {
  return (request, response, next) => {
    const path = request.baseUrl + request.path;
    if (untraced.includes(path)) {
      next();
      return;
    }
    const { method } = request;
    const span = tracing.begin({
      name: method,
      kind: 'server',
      parent: callerOf(response).scopes.has(TRUSTED_SCOPE) ? (request.get('traceparent') ?? null) : null,
      startedAt: (response.locals as { startedAt?: number }).startedAt ?? performance.now(),
      attributes: { 'http.request.method': method, 'url.path': path, 'url.scheme': request.protocol },
    });
    (response.locals as Traced).trace = span.ids;
    response.once('close', () => {
      const { route } = request as { route?: { path: string } };
      const { statusCode } = response;
      if (route !== undefined) span.rename(`${method} ${route.path}`);
      span.set({ 'http.response.status_code': statusCode, ...(route === undefined ? {} : { 'http.route': route.path }) });
      if (statusCode >= 500) span.fail(String(statusCode));
      span.end();
    });
    span.within(next);
  };
}

interface Traced {
  trace?: TraceIds;
}

/** The ids of the request's span, for its line in the log; undefined when it has none. */
export function traceOf(response: Response): TraceIds | undefined {
  return (response.locals as Traced).trace;
}
