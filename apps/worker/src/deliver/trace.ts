import { DELIVERIES_QUEUE } from '@tidings/queue';
import type { Attributes, Tracing } from '@tidings/runtime/tracing';
import type { AttemptResult } from './attempt-result.js';
import type { TraceDelivery } from './deliver.js';
import type { Lease } from './lease.js';
import type { Send } from './send.js';

interface TracedParts {
  send: Send;
  record: Lease['record'];
  /** Whether receivers are told: it shows them the ids of our traces. */
  sendTraceparent: boolean;
}

interface Traced {
  trace: TraceDelivery;
  send: Send;
  record: Lease['record'];
}

/**
 * The parts of a delivery as spans. Each attempt is one span of its event's trace, from its turn to its commit, with the
 * request and the commit as its parts; a replay, which may come weeks later, is a trace of its own that is linked to that one.
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
        const result = await send(sendTraceparent ? { ...request, headers: { ...request.headers, traceparent } } : request);
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
 * Where a request goes, by the conventions for HTTP clients. Without the rest of the URL: webhooks have their secrets in paths
 * and queries (I8).
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

/** `error.type`: the status from 400 on, otherwise what kind of thing went wrong. A 3xx is a failure of the delivery, not of HTTP. */
export function errorTypeOf({ statusCode, errorClass }: Pick<AttemptResult, 'statusCode' | 'errorClass'>): string | null {
  if (errorClass === null) return null;
  if (errorClass !== 'http_status') return errorClass;
  return statusCode !== null && statusCode >= 400 ? String(statusCode) : null;
}
