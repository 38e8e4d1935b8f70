/** An event on its way to a stream. */
export interface FramedEvent {
  id: string;
  type: string;
  /** JSON on one line. */
  data: string;
}

/**
 * An event as the WHATWG event-stream format has it. Ids, types and JSON text hold no line break, so that each field is
 * one line.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function frame({ id, type, data }: FramedEvent): Buffer {
  return Buffer.from(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`);
}

/** A message of the stream itself. It has no id, so the client's Last-Event-ID stays. */
export function notice(type: `stream.${string}`, data: object): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** A comment, which clients ignore: it keeps the connection open, and shows when it no longer is. */
export const HEARTBEAT = Buffer.from(': heartbeat\n\n');

/** Tells the client how long to wait before it connects again, in milliseconds. */
export function retryHint(delayMs: number): Buffer {
  return Buffer.from(`retry: ${String(Math.round(delayMs))}\n\n`);
}
