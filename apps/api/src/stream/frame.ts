import { escapeLineSeparators } from '@tidings/events';
import type { NoticeData, NoticeType } from './notices.js';

const CHUNK_END = Buffer.from('\r\n');

/** The fields of an event that a stream sends. */
export interface FramedEvent {
  id: string;
  type: string;
  /** The payload as JSON text. */
  data: string;
}

/** Bytes that a stream sends, encoded once for all sockets. */
export interface Frame {
  /** One chunk of a chunked body (RFC 9112, section 7.1), which is written to the socket unchanged. */
  chunk: Buffer;
  /** The content of the chunk, for clients of HTTP/1.0, which get no chunks. */
  content: Buffer;
}

/**
 * Encodes an event in the WHATWG event-stream format. Ids and types hold no line breaks (see `LOGGED_EVENT_ID`); data may hold line
 * breaks, and each of its lines becomes a `data:` line. U+0085, U+2028 and U+2029 are escaped, also in notices: clients that split text into
 * lines by Unicode's rules would end the line there.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function frame({ id, type, data }: FramedEvent): Frame {
  return toFrame(`id: ${id}\nevent: ${type}\n${dataLines(escapeLineSeparators(data))}\n`);
}

/**
 * Encodes a message about the stream itself, such as its end.
 *
 * @param id the Last-Event-ID of the client from now on; without it, the client keeps the one of the connection's opening or last event
 */
export function notice<Type extends NoticeType>(type: Type, data: NoticeData<Type>, id?: string): Frame {
  return toFrame(
    `${id === undefined ? '' : `id: ${id}\n`}event: ${type}\n${dataLines(escapeLineSeparators(JSON.stringify(data)))}\n`,
  );
}

/** A comment, which clients ignore: it keeps the connection open, and reveals a broken one. */
export const HEARTBEAT = toFrame(': heartbeat\n\n');

/** Encodes the time that a client waits before it reconnects, in milliseconds. */
export function retryHint(delayMs: number): Frame {
  return toFrame(`${retryLine(delayMs)}\n`);
}

/**
 * Encodes the beginning of a stream: the client's last event id from now on, and the time that it waits before it reconnects.
 * A client begins each connection without an id, and stores the id that it has at each blank line: without this one, a stream
 * that stays quiet, or only sends heartbeats and its end, would leave the client without a place to resume from.
 */
export function opening(id: string, delayMs: number): Frame {
  return toFrame(`id: ${id}\n${retryLine(delayMs)}\n`);
}

/** Joins frames into one, so that a socket gets them in one write. */
export function joined(frames: readonly Frame[]): Frame {
  const [first] = frames;
  return first && frames.length === 1 ? first : framed(frames.map(({ content }) => content));
}

function retryLine(delayMs: number): string {
  return `retry: ${String(Math.round(delayMs))}\n`;
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
