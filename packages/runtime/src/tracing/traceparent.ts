import type { SpanContext } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';

/** The written version. Readers accept later versions too (https://www.w3.org/TR/trace-context/#versioning-of-traceparent). */
const VERSION = '00';
const FLAGS = 0xff;

/** Formats a span context as a W3C `traceparent`: 55 characters. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `${VERSION}-${traceId}-${spanId}-${(traceFlags & FLAGS).toString(16).padStart(2, '0')}`;
}

/** Parses a W3C `traceparent`. Null when it is malformed, which counts as none. `tracestate` is not kept. */
export function readTraceparent(text: string): SpanContext | null {
  const context = parseTraceParent(text);
  return context === null ? null : { ...context, isRemote: true };
}
