import type { Socket } from 'node:net';
import type { Response } from 'express';
import { HEARTBEAT, notice, retryHint, type Frame } from './frame.js';
import type { StreamMetrics } from './metrics.js';
import type { EndReason } from './notices.js';

/** Whose stream it is, and what it shows. */
export interface Follower {
  owner: string;
  /** Everybody's events, for those who may see them; otherwise what is for everyone and the user's own. */
  seesAll: boolean;
  /** Only these types; null: all. */
  types: ReadonlySet<string> | null;
  /** When the caller's token ends, in Unix milliseconds. */
  expiresAt: number;
  /** The `jti` of the caller's token. */
  tokenId: string | undefined;
}

export interface SessionOptions extends Follower {
  /** Its turn on the connection has come: its socket is known. */
  response: Response;
  /** The position of the last event that the client has. */
  position: number;
  /** What the socket has not taken is bounded by this; beyond it the stream is ended, and the client resumes. */
  maxBufferedBytes: number;
  /** How long the client is to wait before it connects again, in milliseconds, drawn anew each time. */
  reconnectMs: () => number;
  metrics: Pick<StreamMetrics, 'sent' | 'ended'>;
}

/** One client that follows the stream. */
export interface Session extends Readonly<Follower> {
  /** The position up to which its client has everything that it may see, while it is caught up from the log. */
  position: number;
  /** False once the stream was ended, or the client went away. */
  readonly open: boolean;
  /** When it was ended, in Unix milliseconds. */
  readonly endedAt: number | undefined;
  /**
   * Gives a frame to the socket, or ends the stream when too much waits there already.
   *
   * @param events how many events it holds; default 0
   */
  write: (frame: Frame, events?: number) => void;
  /** Undefined when the socket takes more at once; otherwise resolves when it does, or is gone. */
  drained: () => Promise<void> | undefined;
  /** Sends a heartbeat. A client that has taken nothing since the last one, though there was something, is too slow. */
  beat: () => void;
  /** Ends the stream with a hint when to connect again. */
  end: (reason?: EndReason) => void;
  /** Closes the connection, whatever was sent. */
  cutOff: () => void;
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Tells what a stream would be like: its status and headers. */
export function beginStream(response: Response): void {
  response.writeHead(200, HEADERS);
}

/**
 * Begins the stream on a response. Its head goes out together with what is written right after it: a client that knows
 * that the stream is open also knows where it begins, should it lose the connection at once.
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
 * A class, as a process holds ten thousand of them: what each has stands in one object, and its methods are there once.
 *
 * Its frames go to the socket as they are: Node's own `write` would make the chunk anew for each connection, which doubles
 * what an event costs (docs/performance.md).
 */
class ResponseSession implements Session {
  readonly owner: string;
  readonly seesAll: boolean;
  readonly types: ReadonlySet<string> | null;
  readonly expiresAt: number;
  readonly tokenId: string | undefined;
  position: number;
  open = true;
  endedAt: number | undefined = undefined;
  readonly #response: Response;
  readonly #socket: Socket;
  readonly #body: 'chunk' | 'content';
  readonly #maxBufferedBytes: number;
  readonly #reconnectMs: () => number;
  readonly #metrics: Pick<StreamMetrics, 'sent' | 'ended'>;
  #takenAtBeat = -1;

  constructor({ response, maxBufferedBytes, reconnectMs, metrics, position, ...follower }: SessionOptions) {
    this.owner = follower.owner;
    this.seesAll = follower.seesAll;
    this.types = follower.types;
    this.expiresAt = follower.expiresAt;
    this.tokenId = follower.tokenId;
    this.position = position;
    this.#response = response;
    this.#socket = response.socket as Socket;
    this.#body = response.chunkedEncoding ? 'chunk' : 'content';
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#reconnectMs = reconnectMs;
    this.#metrics = metrics;
    // What a stream does not take is noticed by its heartbeats.
    this.#socket.setTimeout(0);
    response.once('close', () => {
      if (this.open) metrics.ended('client_left');
      this.open = false;
    });
    this.#send(retryHint(reconnectMs()));
  }

  write(frame: Frame, events = 0): void {
    if (!this.open) return;
    const waiting = this.#socket.writableLength;
    if (waiting > 0 && waiting + frame[this.#body].length > this.#maxBufferedBytes) this.end('too_slow');
    else this.#send(frame, events);
  }

  drained(): Promise<void> | undefined {
    const [socket, response] = [this.#socket, this.#response];
    if (!this.open || !socket.writableNeedDrain) return undefined;
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

  beat(): void {
    const waiting = this.#socket.writableLength;
    const taken = this.#socket.bytesWritten - waiting;
    if (waiting > 0 && taken === this.#takenAtBeat) this.end('too_slow');
    this.#takenAtBeat = taken;
    this.write(HEARTBEAT);
  }

  end(reason?: EndReason): void {
    if (!this.open) return;
    this.open = false;
    this.endedAt = Date.now();
    this.#metrics.ended(reason ?? 'stopping');
    if (reason !== undefined) this.#send(notice('stream.end', { reason }));
    this.#send(retryHint(this.#reconnectMs()));
    this.#response.end();
  }

  cutOff(): void {
    this.#response.destroy();
  }

  #send(frame: Frame, events = 0): void {
    const bytes = frame[this.#body];
    this.#metrics.sent(bytes.length, events);
    this.#socket.write(bytes);
  }
}
