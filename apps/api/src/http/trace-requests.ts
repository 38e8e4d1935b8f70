import type { RequestHandler, Response } from 'express';
import type { TraceIds, Tracing } from '@tidings/runtime/tracing';
import { callerOf } from '../auth/authenticate.js';
import { mayPublishAny } from '../auth/publish-scopes.js';

interface TraceRequestsParts {
  tracing: Tracing;
  /** Paths without spans, such as the stream: a request that lasts for hours is no useful span. */
  untraced: readonly string[];
}

/**
 * Records a span for each authenticated request, from its arrival to the end of its response, by the conventions for HTTP
 * servers (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span). Requests without a valid token are
 * only logged, so that a flood of them fills no trace storage.
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
      // Only services that publish choose the parent of a trace: others could decide which traces are recorded.
      parent: mayPublishAny(callerOf(response).scopes) ? (request.get('traceparent') ?? null) : null,
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

/** Returns the ids of the request's span, for its log line; undefined when the request has no span. */
export function traceOf(response: Response): TraceIds | undefined {
  return (response.locals as Traced).trace;
}
