/** What a span or a log line is found by. One spelling everywhere: in logs, in columns, in docs. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  trace_id: string;
  /** 16 hexadecimal digits. */
  span_id: string;
}

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  name: string;
  /** Whose side it is seen from, as OpenTelemetry has it. Default: `internal`. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
  /** The `traceparent` of what it is a part of. Null: of nothing, a new trace. Default: the active span. */
  parent?: string | null;
  /** The `traceparent` of another trace that it follows from. Default: none. */
  link?: string | null;
  /** On the clock of `performance.now()`. Default: now. */
  startedAt?: number;
}

/** A span that has begun. */
export interface TraceSpan {
  /** In the W3C's format: what carries the trace on to wherever it goes next. */
  traceparent: string;
  ids: TraceIds;
  set: (attributes: Attributes) => void;
  /** A better name than was known when it began. */
  rename: (name: string) => void;
  /** It went wrong. The type is one of few, such as a code: never a message, which may hold secrets (I8). */
  fail: (type: string) => void;
  /** Does something as a part of it: it is the active span meanwhile, in all that follows from the work, too. */
  within: <Result>(work: () => Result) => Result;
  end: () => void;
}

/** How spans are made where traces are wanted. Where they are not, there is none of it, and nothing of OpenTelemetry is loaded. */
export interface Tracing {
  /** Begins a span that somebody has to end. */
  begin: (options: SpanOptions) => TraceSpan;
  /** A span that lasts as long as the work. What the work throws is thrown, and its code or name is the type of the failure. */
  run: <Result>(options: SpanOptions, work: (span: TraceSpan) => Promise<Result>) => Promise<Result>;
  /** For a log line: of the active span; undefined when there is none, or when it has ended and only its time goes on. */
  activeIds: () => TraceIds | undefined;
  /** Sends what was not sent yet, for two seconds at most, and ends. */
  shutdown: () => Promise<void>;
}
