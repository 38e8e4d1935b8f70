import type { Socket } from 'node:net';
import type { Response } from 'express';
import { HEARTBEAT, notice, opening, retryHint, type Frame } from './frame.js';
import type { StreamMetrics } from './metrics.js';
import type { EndReason } from './notices.js';

/** The owner of a stream, and the events that it shows. */
export interface Follower {
  owner: string;
  /** Whether it shows the events of all owners, for operators; otherwise those for everyone and for its owner. */
  seesAll: boolean;
  /** Patterns of the event types that it shows; null: all, without previews of versions. */
  types: ReadonlySet<string> | null;
  /** The time from which the caller's token is no longer accepted, in Unix milliseconds. */
  expiresAt: number;
  /** The `jti` of the caller's token. */
  tokenId: string | undefined;
  /** The `iat` of the caller's token, in Unix seconds. */
  issuedAt: number | undefined;
}

/** The options of {@link openSession}. */
export interface SessionOptions extends Follower {
  /** A response that has its socket: no earlier response on the connection is unfinished. */
  response: Response;
  /** The position of the last event that the client has. */
  position: number;
  /** The id from which the client resumes if it gets no event. It must be well-formed, see `EVENT_ID`. */
  resumeId: string;
  /** The maximum size of data that waits in the socket. Beyond it the stream ends, and the client reconnects and resumes. */
  maxBufferedBytes: number;
  /** Returns a random time that the client waits before it reconnects, in milliseconds. */
  reconnectMs: () => number;
  metrics: Pick<StreamMetrics, 'sent' | 'ended'>;
}

/** An open stream of one client. */
export interface Session extends Readonly<Follower> {
  /**
   * The position up to which the client got all events that it may see. It is kept only while the client catches up from the
   * log.
   */
  position: number;
  /** False after the stream was ended, or the client disconnected. */
  readonly isOpen: boolean;
  /** The time at which the stream was ended, in Unix milliseconds. */
  readonly endedAt: number | undefined;
  /**
   * Writes a frame to the socket, or ends the stream when too much data waits there already.
   *
   * @param events the number of events in the frame; default 0
   */
  write: (frame: Frame, events?: number) => void;
  /** Returns undefined when the socket takes more data now; otherwise a promise that resolves when it does, or is closed. */
  drained: () => Promise<void> | undefined;
  /** Sends a heartbeat. Ends the stream as too slow when data waited and the client took none of it since the last heartbeat. */
  sendHeartbeat: () => void;
  /** Ends the stream, after the reason and a hint when to reconnect. */
  end: (reason?: EndReason) => void;
  /** Closes the connection immediately, also when data still waits. */
  destroy: () => void;
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Writes the status and headers of a stream. */
export function beginStream(response: Response): void {
  response.writeHead(200, HEADERS);
}

/**
 * Begins the stream on a response. Its headers are sent together with the data that is written synchronously after them: a
 * client that sees the headers also gets the position at which the stream begins, even if the connection breaks then.
 */
export function openSession(options: SessionOptions): Session {
  const socket = options.response.socket as Socket;
  socket.cork();
  process.nextTick(() => {
    socket.uncork();
  });
  beginStream(options.response);
  options.response.flushHeaders();
  return new ResponseSession(options);
}

/**
 * A class instead of closures, because a process holds ten thousand sessions: all of them share the methods.
 *
 * Frames are written directly to the socket: `response.write` would encode the chunk again for each connection, which
 * doubles the cost of an event (docs/performance.md).
 */
class ResponseSession implements Session {
  readonly owner: string;
  readonly seesAll: boolean;
  readonly types: ReadonlySet<string> | null;
  readonly expiresAt: number;
  readonly tokenId: string | undefined;
  readonly issuedAt: number | undefined;
  position: number;
  isOpen = true;
  endedAt: number | undefined = undefined;
  readonly #response: Response;
  readonly #socket: Socket;
  readonly #body: 'chunk' | 'content';
  readonly #maxBufferedBytes: number;
  readonly #reconnectMs: () => number;
  readonly #metrics: Pick<StreamMetrics, 'sent' | 'ended'>;
  #bytesTakenAtHeartbeat = -1;

  constructor({ response, maxBufferedBytes, reconnectMs, metrics, position, resumeId, ...follower }: SessionOptions) {
    this.owner = follower.owner;
    this.seesAll = follower.seesAll;
    this.types = follower.types;
    this.expiresAt = follower.expiresAt;
    this.tokenId = follower.tokenId;
    this.issuedAt = follower.issuedAt;
    this.position = position;
    this.#response = response;
    this.#socket = response.socket as Socket;
    this.#body = response.chunkedEncoding ? 'chunk' : 'content';
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#reconnectMs = reconnectMs;
    this.#metrics = metrics;
    // The heartbeats detect a client that takes no data.
    this.#socket.setTimeout(0);
    response.once('close', () => {
      if (this.isOpen) metrics.ended('client_left');
      this.isOpen = false;
    });
    this.#send(opening(resumeId, reconnectMs()));
  }

  write(frame: Frame, events = 0): void {
    if (!this.isOpen) return;
    const waiting = this.#socket.writableLength;
    if (waiting > 0 && waiting + frame[this.#body].length > this.#maxBufferedBytes) this.end('too_slow');
    else this.#send(frame, events);
  }

  drained(): Promise<void> | undefined {
    const [socket, response] = [this.#socket, this.#response];
    if (!this.isOpen || !socket.writableNeedDrain) return undefined;
    return new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        response.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      response.on('close', done);
    });
  }

  sendHeartbeat(): void {
    const waiting = this.#socket.writableLength;
    const taken = this.#socket.bytesWritten - waiting;
    if (waiting > 0 && taken === this.#bytesTakenAtHeartbeat) this.end('too_slow');
    this.#bytesTakenAtHeartbeat = taken;
    this.write(HEARTBEAT);
  }

  end(reason?: EndReason): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.endedAt = Date.now();
    this.#metrics.ended(reason ?? 'stopping');
    if (reason !== undefined) this.#send(notice('stream.end', { reason }));
    this.#send(retryHint(this.#reconnectMs()));
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  #send(frame: Frame, events = 0): void {
    const bytes = frame[this.#body];
    this.#metrics.sent(bytes.length, events);
    this.#socket.write(bytes);
  }
}
