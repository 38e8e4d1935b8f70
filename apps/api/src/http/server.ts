import { createServer, type RequestListener, type Server } from 'node:http';

export interface ServerOptions {
  /** So many connections at once, streams among them; those beyond are closed as they come. */
  maxConnections: number;
  log: { warn: (message: string, fields: object) => unknown };
  /** From the first byte of a request, or the opening of a connection, to the end of the headers. Default 10,000. */
  headersTimeoutMs?: number;
  /** From the first byte of a request to the end of its body; the answer may take as long as it likes. Default 30,000. */
  requestTimeoutMs?: number;
  /** How long a connection is kept for the next request. Default 65,000: proxies keep theirs for a minute. */
  keepAliveTimeoutMs?: number;
  /** A connection on which nothing moves for so long is closed. Default 120,000, longer than any heartbeat of a stream. */
  stalledTimeoutMs?: number;
  /** How often the first two are looked at. Default 1,000. */
  checkEveryMs?: number;
}

/** A token of 8 KB, and as much again. Beyond it the answer is 431. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
const WARN_EVERY_MS = 60_000;

/**
 * The server that requests come in by, with a limit on everything that a client can draw out: Node's own are 60 s for
 * headers, 5 minutes for a body, and none for connections. Answers 400 to what is not HTTP/1.1 to the letter (Node's
 * parser is strict), 408 to what is too slow, 431 to headers that are too long, and 417 to an `Expect` it does not know.
 * Nobody tells how many requests a connection may carry: Node would answer those beyond, if sent ahead, with a 503.
 */
export function createApiServer(listener: RequestListener, options: ServerOptions): Server {
  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
      connectionsCheckingInterval: options.checkEveryMs ?? 1000,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    listener,
  );
  server.maxHeadersCount = MAX_HEADERS;
  server.timeout = options.stalledTimeoutMs ?? 120_000;
  server.maxConnections = options.maxConnections;

  let warnedAt = -Infinity;
  server.on('drop', () => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    options.log.warn('Connections are refused: there are as many as MAX_CONNECTIONS allows.', {
      max_connections: options.maxConnections,
    });
  });
  return server;
}
