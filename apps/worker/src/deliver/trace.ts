import { DELIVERIES_QUEUE } from '@tidings/queue';
import type { Attributes, Tracing } from '@tidings/runtime/tracing';
import type { AttemptResult } from './attempt-result.js';
import type { TraceDelivery } from './deliver.js';
import type { Lease } from './lease.js';
import type { Send } from './send.js';

interface TracedParts {
  send: Send;
  record: Lease['record'];
  /** Whether requests have a `traceparent` header, which shows receivers the trace ids of Tidings. */
  sendTraceparent: boolean;
}

interface Traced {
  trace: TraceDelivery;
  send: Send;
  record: Lease['record'];
}

/**
 * Wraps the parts of a delivery in spans. Each attempt is one span of its event's trace, from its claim to its commit, with a
 * child span for the request and one for the commit. A replay, which may come weeks later, is a new trace with a link to the
 * event's trace.
 */
export function traceDeliveries(tracing: Tracing, { send, record, sendTraceparent }: TracedParts): Traced {
  return {
    trace: (claimed, startedAt, work) =>
      tracing.run(
        {
          name: `process ${DELIVERIES_QUEUE}`,
          kind: 'consumer',
          parent: claimed.replay ? null : claimed.traceparent,
          link: claimed.replay ? claimed.traceparent : null,
          startedAt,
          attributes: {
            'messaging.system': 'bullmq',
            'messaging.operation.name': 'process',
            'messaging.operation.type': 'process',
            'messaging.destination.name': DELIVERIES_QUEUE,
            'tidings.event.id': claimed.eventId,
            'tidings.event.type': claimed.eventType,
            'tidings.delivery.id': claimed.id,
            'tidings.webhook.id': claimed.webhookId,
            'tidings.attempt': claimed.attemptCount + 1,
            'tidings.replay': claimed.replay,
          },
        },
        work,
      ),

    send: (request) =>
      tracing.run({ name: 'POST', kind: 'client', attributes: targetOf(request.url) }, async ({ traceparent, set, fail }) => {
        const result = await send(sendTraceparent ? { ...request, traceparent } : request);
        if (result.statusCode !== null) set({ 'http.response.status_code': result.statusCode });
        const type = errorTypeOf(result);
        if (type !== null) fail(type);
        return result;
      }),

    record: (attempt) =>
      tracing.run({ name: 'record' }, async ({ set }) => {
        const settled = await record(attempt);
        set({ 'tidings.delivery.status': attempt.outcome.status, 'tidings.lease.held': settled.held });
        return settled;
      }),
  };
}

/**
 * Returns the attributes of a request's target, by the semantic conventions for HTTP clients. They leave out the path and the
 * query of the URL, since owners put secrets there (I8).
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span
 */
function targetOf(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  return {
    'http.request.method': 'POST',
    'url.scheme': protocol.slice(0, -1),
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

/**
 * Returns the attribute `error.type` of a request's span: the status from 400 on, otherwise the error class. Null for a 2xx,
 * and for a 3xx, which is a failure of the delivery but not of HTTP.
 */
export function errorTypeOf({ statusCode, errorClass }: Pick<AttemptResult, 'statusCode' | 'errorClass'>): string | null {
  if (errorClass === null) return null;
  if (errorClass !== 'http_status') return errorClass;
  return statusCode !== null && statusCode >= 400 ? String(statusCode) : null;
}
