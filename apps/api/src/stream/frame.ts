import type { NoticeData, NoticeType } from './notices.js';

const CHUNK_END = Buffer.from('\r\n');

/** An event on its way to a stream. */
export interface FramedEvent {
  id: string;
  type: string;
  /** JSON. */
  data: string;
}

/** What a stream sends, made once for all sockets. */
export interface Frame {
  /** One chunk of a chunked body (RFC 9112, section 7.1), to be written to the socket as it is. */
  chunk: Buffer;
  /** What is in the chunk: all that a client of HTTP/1.0 gets. */
  content: Buffer;
}

/**
 * An event as the WHATWG event-stream format has it. Ids and types hold no line break (see `EVENT_ID`); data may hold
 * any, and becomes as many lines.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function frame({ id, type, data }: FramedEvent): Frame {
  return toFrame(`id: ${id}\nevent: ${type}\n${dataLines(data)}\n`);
}

/**
 * A message of the stream itself.
 *
 * @param id what the client is to resume after from now on; without it, its Last-Event-ID stays
 */
export function notice<Type extends NoticeType>(type: Type, data: NoticeData<Type>, id?: string): Frame {
  return toFrame(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\n${dataLines(JSON.stringify(data))}\n`);
}

/** A comment, which clients ignore: it keeps the connection open, and shows when it no longer is. */
export const HEARTBEAT = toFrame(': heartbeat\n\n');

/** Tells the client how long to wait before it connects again, in milliseconds. */
export function retryHint(delayMs: number): Frame {
  return toFrame(`retry: ${String(Math.round(delayMs))}\n\n`);
}

/** Several in one, so that a socket takes them in one write. */
export function joined(frames: readonly Frame[]): Frame {
  const [first] = frames;
  return first && frames.length === 1 ? first : framed(frames.map(({ content }) => content));
}

function dataLines(data: string): string {
  return data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
}

function toFrame(text: string): Frame {
  return framed([Buffer.from(text)]);
}

function framed(contents: readonly Buffer[]): Frame {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const start = Buffer.from(`${length.toString(16)}\r\n`);
  const chunk = Buffer.concat([start, ...contents, CHUNK_END]);
  return { chunk, content: chunk.subarray(start.length, start.length + length) };
}
