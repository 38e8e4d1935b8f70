import { createServer, type RequestListener, type Server } from 'node:http';
import { createRepetitions } from '@tidings/runtime/logging';

/** The options of {@link createApiServer}. */
export interface ServerOptions extends ServerTimeouts {
  /** The maximum number of open connections, including streams. Further connections are closed when they are opened. */
  maxConnections: number;
  log: { warn: (message: string, fields: object) => unknown };
}

/** The times after which the server closes a connection of a slow or idle client. */
export interface ServerTimeouts {
  /** The time from the first byte of a request, or the opening of a connection, to the end of the headers. Default 10,000. */
  headersTimeoutMs?: number;
  /** The time from the first byte of a request to the end of its body. The response has no such limit. Default 30,000. */
  requestTimeoutMs?: number;
  /** How long an idle connection is kept open for the next request. Default 65,000: proxies keep theirs for a minute. */
  keepAliveTimeoutMs?: number;
  /**
   * How long a connection may transfer no data before it is closed. Default 120,000, longer than the heartbeat interval of a
   * stream may be.
   */
  stalledTimeoutMs?: number;
  /** How often the first two timeouts are checked. Default 1,000. */
  checkEveryMs?: number;
}

/** Room for a token of 8 KB, and as much again. The response to larger headers is a 431. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;

/**
 * Creates the HTTP server, with a limit on everything that a slow client can prolong. Node's own limits are 60 s for
 * headers, 5 minutes for a body, and none for connections. The server answers 400 to requests that are not exact HTTP/1.1
 * (Node's parser is strict), 408 to slow ones, 431 to headers that are too long, and 417 to an unknown `Expect`.
 * The number of requests of a connection has no limit: with one, Node answers pipelined requests beyond it with a 503.
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

  const repetitions = createRepetitions();
  server.on('drop', () => {
    const { write, fields } = repetitions.next('drop');
    if (!write) return;
    options.log.warn('Connections are refused: there are as many as MAX_CONNECTIONS allows.', {
      max_connections: options.maxConnections,
      ...fields,
    });
  });
  return server;
}
