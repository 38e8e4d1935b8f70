/** The values of `OTEL_TRACES_SAMPLER`. The sampler decides which traces are recorded. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The values of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;

/** The settings of traces, from the standard variables of OpenTelemetry. */
export interface TracingSettings {
  /** How spans are sent to the collector. */
  protocol: (typeof PROTOCOLS)[number];
  /** Which traces are recorded. */
  sampler: (typeof SAMPLERS)[number];
  /** For `traceidratio` samplers: the part of all traces that is recorded, from 0 to 1. */
  ratio: number;
  /** How long spans wait to be sent together, in milliseconds; up to 512 at once. */
  scheduleDelayMs: number;
}

/** The options of `startTracing`. */
export interface TracingOptions {
  /** The name of the process, such as `tidings-api`. `OTEL_SERVICE_NAME` overrides it. */
  serviceName: string;
  /** Null: no traces. */
  settings: TracingSettings | null;
  /** Called when spans could not be sent, at most once a minute, with the number of earlier failures that were held back. */
  onError: (message: string, fields: { held_back?: number }) => void;
}
