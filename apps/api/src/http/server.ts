import { createServer, type RequestListener, type Server } from 'node:http';
import { createRepetitions } from '@tidings/runtime/logging';
import { limitConnectionsPerAddress } from './connections-per-address.js';

/** The options of {@link createApiServer}. */
export interface ServerOptions extends ServerTimeouts {
  /** The maximum number of open connections, including streams. Further connections are closed when they are opened. */
  maxConnections: number;
  /** The maximum number of open connections from one address; 0: no limit. Further ones are closed in the same way. Default 0. */
  connectionsPerAddress?: number;
  /** Whether the address is that of a trusted proxy, whose connections count for no address. Default: none is. */
  isTrustedProxy?: (address: string) => boolean;
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
  const warn = (message: string, details: object): void => {
    const { write, fields } = repetitions.next(message);
    if (write) options.log.warn(message, { ...details, ...fields });
  };
  server.on('drop', () => {
    warn('Connections are refused: there are as many as MAX_CONNECTIONS allows.', { max_connections: options.maxConnections });
  });
  const { connectionsPerAddress: max = 0, isTrustedProxy = () => false } = options;
  if (max > 0) {
    limitConnectionsPerAddress(server, {
      max,
      isTrustedProxy,
      onRefused: (address) => {
        const message = 'Connections from one address are refused: it has as many as CONNECTIONS_PER_ADDRESS allows.';
        warn(message, { address, connections_per_address: max });
      },
    });
  }
  return server;
}
