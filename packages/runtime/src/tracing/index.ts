export { PROTOCOLS, SAMPLERS, type TracingOptions, type TracingSettings } from './settings.js';
export { startTracing } from './start-tracing.js';
export type { Attributes, SpanOptions, TraceIds, TraceSpan, Tracing } from './tracing.js';
