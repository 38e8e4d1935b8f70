import { once } from 'node:events';
import type { Response } from 'express';
import { retryHint } from './frame.js';

export interface SessionOptions {
  response: Response;
  userId: string;
  /** Only these types; null: all. */
  types: ReadonlySet<string> | null;
  /** The position of the last event that the client has. */
  position: number;
  /** When the caller's token ends, in Unix milliseconds. */
  expiresAt: number;
  /** The `jti` of the caller's token. */
  tokenId?: string | undefined;
  /** What the socket has not taken is bounded by this; beyond it the connection is closed, and the client resumes. Default 256 KiB. */
  maxBufferedBytes?: number;
}

/** One client that follows the stream. */
export interface Session {
  readonly userId: string;
  readonly expiresAt: number;
  readonly tokenId: string | undefined;
  /** The position up to which the client has everything that it may see. */
  position: number;
  /** False while it is caught up from the log: the hub then leaves it alone. */
  live: boolean;
  readonly types: ReadonlySet<string> | null;
  readonly closed: boolean;
  write: (bytes: Buffer) => void;
  /** Resolves when the socket takes more, or is gone. */
  drained: () => Promise<void>;
  /** Ends the stream with a hint when to connect again. A client that does not take it in time is cut off. */
  end: (last?: Buffer) => void;
}

const MAX_BUFFERED_BYTES = 256 * 1024;
const RECONNECT_MS = 1000;
const RECONNECT_SPREAD_MS = 4000;
/** What the socket has not taken so long after the end is given up. */
const END_MS = 2000;

/** Begins the stream on a response. */
export function openSession(options: SessionOptions): Session {
  const { response, userId, types, position, expiresAt, tokenId, maxBufferedBytes = MAX_BUFFERED_BYTES } = options;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  // Clients that were cut off together come back spread out.
  const reconnect = retryHint(RECONNECT_MS + Math.random() * RECONNECT_SPREAD_MS);
  response.write(reconnect);

  return {
    userId,
    types,
    expiresAt,
    tokenId,
    position,
    live: false,
    get closed() {
      return response.closed || response.writableEnded || response.destroyed;
    },
    write(bytes) {
      if (this.closed) return;
      response.write(bytes);
      if (this.live && response.writableLength > maxBufferedBytes) response.destroy();
    },
    async drained() {
      if (response.writableNeedDrain && !this.closed) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    },
    end(last) {
      if (this.closed) return;
      if (last) response.write(last);
      response.end(reconnect);
      const timer = setTimeout(() => response.destroy(), END_MS);
      response.once('close', () => {
        clearTimeout(timer);
      });
    },
  };
}
