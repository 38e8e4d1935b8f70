/** The ids by which a span or a log line is found. Logs, columns and docs use the same names. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  trace_id: string;
  /** 16 hexadecimal digits. */
  span_id: string;
}

/** The attributes of a span. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** The options of a new span. */
export interface SpanOptions {
  name: string;
  /** OpenTelemetry's span kind. Default: `internal`. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
  /** The `traceparent` of the parent. Null: no parent, a new trace. Default: the active span. */
  parent?: string | null;
  /** The `traceparent` of a span of another trace to link to. Default: none. */
  link?: string | null;
  /** When the span began, on the clock of `performance.now()`. Default: now. */
  startedAt?: number;
}

/** A span that has begun. */
export interface TraceSpan {
  /** The span's context in the W3C's format, with which other processes continue the trace. */
  traceparent: string;
  ids: TraceIds;
  /** Sets attributes. */
  set: (attributes: Attributes) => void;
  /** Sets another name, when a better one is known than at the beginning. */
  rename: (name: string) => void;
  /** Marks the span as failed. The type is one of a few, such as an error code: never a message, which may hold secrets (I8). */
  fail: (type: string) => void;
  /** Runs `work` with this span as the active span, also in the callbacks and promises of `work`. Returns its result. */
  within: <Result>(work: () => Result) => Result;
  /** Ends the span. */
  end: () => void;
}

/** Creates spans. A process without traces has no `Tracing`, and loads nothing of OpenTelemetry. */
export interface Tracing {
  /** Begins a span that the caller has to end. */
  begin: (options: SpanOptions) => TraceSpan;
  /** Runs `work` in a span. When `work` throws, the span fails with the error's code or name, and the error is thrown. */
  run: <Result>(options: SpanOptions, work: (span: TraceSpan) => Promise<Result>) => Promise<Result>;
  /** The ids of the active span, for log lines; undefined when there is none, or when it has ended. */
  activeIds: () => TraceIds | undefined;
  /** Sends the remaining spans, for at most two seconds, and stops. */
  shutdown: () => Promise<void>;
}
