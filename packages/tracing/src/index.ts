export { SAMPLERS, startTracing, type TracingOptions, type TracingSettings } from './start-tracing.js';
export type { Attributes, SpanOptions, TraceIds, TraceSpan, Tracing } from './tracing.js';
