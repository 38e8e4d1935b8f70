import { context, isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Link, Span, Tracer } from '@opentelemetry/api';
import { formatTraceparent, readTraceparent } from './traceparent.js';
import type { SpanOptions, TraceIds, TraceSpan, Tracing } from './tracing.js';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Creates tracing with spans of this tracer. A global context manager must have been set: it keeps the active span. */
export function createTracing(tracer: Tracer): Omit<Tracing, 'shutdown'> {
  const begin = ({ name, kind = 'internal', attributes, parent, link, startedAt }: SpanOptions): TraceSpan => {
    const parentContext = parent === undefined ? context.active() : contextOf(parent);
    const span = tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        ...(attributes === undefined ? {} : { attributes }),
        ...(startedAt === undefined ? {} : { startTime: performance.timeOrigin + startedAt }),
        links: linksTo(link),
      },
      parentContext,
    );
    return toTraceSpan(span, parentContext);
  };

  return {
    begin,
    async run(options, work) {
      const span = begin(options);
      try {
        return await span.within(() => work(span));
      } catch (error) {
        span.fail(errorTypeOf(error));
        throw error;
      } finally {
        span.end();
      }
    },
    activeIds() {
      const span = trace.getActiveSpan();
      if (span === undefined) return undefined;
      const { traceFlags } = span.spanContext();
      // The callback of a socket or a timer runs in the span that created it, which may have ended long ago. `isRecording` shows
      // the end of a sampled span; of a span that is not sampled the end is unknown.
      const hasEnded = (traceFlags & TraceFlags.SAMPLED) !== 0 && !span.isRecording();
      return hasEnded ? undefined : idsOf(span);
    },
  };
}

function toTraceSpan(span: Span, parent: Context): TraceSpan {
  const spanContext = trace.setSpan(parent, span);
  return {
    traceparent: formatTraceparent(span.spanContext()),
    ids: idsOf(span),
    set: (attributes) => void span.setAttributes(attributes),
    rename: (name) => void span.updateName(name),
    fail(type) {
      span.setAttribute('error.type', type);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    within: (work) => context.with(spanContext, work),
    end() {
      span.end();
    },
  };
}

function contextOf(traceparent: string | null): Context {
  const parent = traceparent === null ? null : readTraceparent(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function linksTo(traceparent: string | null | undefined): Link[] {
  const linked = traceparent == null ? null : readTraceparent(traceparent);
  return linked !== null && isSpanContextValid(linked) ? [{ context: linked }] : [];
}

function idsOf(span: Span): TraceIds {
  const { traceId, spanId } = span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

function errorTypeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'Error';
}
