import type { Socket } from 'node:net';
import type { Response } from 'express';
import { HEARTBEAT, notice, retryHint, type Frame } from './frame.js';
import type { EndReason, StreamMetrics } from './metrics.js';

/** Whose stream it is, and what it shows. */
export interface Follower {
  userId: string;
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
 * Begins the stream on a response. Its frames go to the socket as they are: Node's own `write` would make the chunk anew
 * for each connection, which doubles what an event costs (docs/performance.md).
 */
export function openSession({ response, maxBufferedBytes, reconnectMs, metrics, ...options }: SessionOptions): Session {
  beginStream(response);
  response.flushHeaders();
  const socket = response.socket as Socket;
  // What a stream does not take is noticed by its heartbeats.
  socket.setTimeout(0);
  const body = response.chunkedEncoding ? 'chunk' : 'content';
  let takenAtBeat = -1;

  const send = (frame: Frame, events = 0): void => {
    const bytes = frame[body];
    metrics.sent(bytes.length, events);
    socket.write(bytes);
  };

  const session = {
    ...options,
    open: true,
    endedAt: undefined as number | undefined,
    write(frame: Frame, events?: number) {
      if (!session.open) return;
      const waiting = socket.writableLength;
      if (waiting > 0 && waiting + frame[body].length > maxBufferedBytes) session.end('too_slow');
      else send(frame, events);
    },
    drained() {
      if (!session.open || !socket.writableNeedDrain) return undefined;
      return new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off('drain', done);
          response.off('close', done);
          resolve();
        };
        socket.on('drain', done);
        response.on('close', done);
      });
    },
    beat() {
      const waiting = socket.writableLength;
      const taken = socket.bytesWritten - waiting;
      if (waiting > 0 && taken === takenAtBeat) session.end('too_slow');
      takenAtBeat = taken;
      session.write(HEARTBEAT);
    },
    end(reason?: EndReason) {
      if (!session.open) return;
      session.open = false;
      session.endedAt = Date.now();
      metrics.ended(reason ?? 'stopping');
      if (reason !== undefined) send(notice('stream.end', { reason }));
      send(retryHint(reconnectMs()));
      response.end();
    },
    cutOff() {
      response.destroy();
    },
  };
  response.once('close', () => {
    if (session.open) metrics.ended('client_left');
    session.open = false;
  });
  send(retryHint(reconnectMs()));
  return session;
}
