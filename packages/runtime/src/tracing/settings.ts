/** The values of `OTEL_TRACES_SAMPLER`: how it is decided which traces are recorded. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface TracingSettings {
  sampler: (typeof SAMPLERS)[number];
  /** For the samplers that have one: the part of all traces that is recorded, 0 to 1. */
  ratio: number;
  /** How long spans wait for company, in milliseconds; up to 512 of them go at once. */
  scheduleDelayMs: number;
}

export interface TracingOptions {
  /** Which process, such as `tidings-api`, unless `OTEL_SERVICE_NAME` says another name. */
  serviceName: string;
  /** Null: no traces. */
  settings: TracingSettings | null;
  /** Told of spans that could not be sent, once a minute at most. */
  onError: (message: string) => void;
}
