import type { Server as HttpServer } from 'node:http';
import { Server as NetServer } from 'node:net';

/** A round of the event loop within this time leaves no other connection behind that waits to be accepted, in milliseconds. */
const QUIET_ROUND_MS = 0.3;
/** The port is closed after this time, however many connections arrive, in milliseconds. */
const QUIET_DEADLINE_MS = 2000;

/**
 * Watches a server's requests, and returns a function that closes the server. It closes the port, answers the requests in
 * flight and those that arrive on open connections, each with `Connection: close`, and closes the other connections when
 * their clients had time to close them or to send a request: a proxy does not repeat a POST when its connection is closed at
 * that moment. Node's own `close` cuts idle connections immediately, and waits without limit for connections that have not
 * sent a request yet (browsers and connection pools open such ones).
 *
 * @returns a function that takes how long connections without a request are left to their clients, in milliseconds, and
 *   resolves when every request is answered and every connection is closed
 */
export function createDrain(server: HttpServer): (idleMs: number) => Promise<void> {
  const inFlight = new Set<{ headersSent: boolean; setHeader: (name: string, value: string) => unknown }>();
  let isDraining = false;
  let isIdleTimeOver = false;
  let connections = 0;
  const closeUnused = (): void => {
    if (!isIdleTimeOver) return;
    if (inFlight.size === 0) server.closeAllConnections();
    else server.closeIdleConnections();
  };
  server.on('connection', () => {
    connections += 1;
  });
  server.prependListener('request', ({ socket }, response) => {
    if (isDraining) response.setHeader('connection', 'close');
    inFlight.add(response);
    // A response that is queued behind another one on its connection emits no `close` when the connection closes.
    const end = (): void => {
      // A closing connection emits both events at once: a listener that is removed meanwhile still runs.
      if (!inFlight.delete(response)) return;
      response.off('close', end);
      socket.off('close', end);
      closeUnused();
    };
    response.once('close', end);
    socket.once('close', end);
  });

  /**
   * Resolves right after a short round of the event loop in which nobody connected. The kernel resets connections that wait
   * to be accepted when the port closes, and nginx does not repeat a POST that it has already sent on one. Several may wait:
   * Node accepts one connection in each round.
   */
  const quietRound = async (): Promise<void> => {
    // From here on, each immediate is preceded by a look for new connections.
    await new Promise(setImmediate);
    const end = performance.now() + QUIET_DEADLINE_MS;
    for (let startedAt = performance.now(); startedAt < end; startedAt = performance.now()) {
      const before = connections;
      await new Promise(setImmediate);
      if (connections === before && performance.now() - startedAt < QUIET_ROUND_MS) return;
    }
  };

  return async (idleMs) => {
    isDraining = true;
    for (const response of inFlight) if (!response.headersSent) response.setHeader('connection', 'close');
    await quietRound();
    const closed = new Promise<void>((resolve) => {
      // The `close` of an HTTP server would also cut its idle connections.
      NetServer.prototype.close.call(server, () => {
        resolve();
      });
    });
    const endIdleTime = (): void => {
      isIdleTimeOver = true;
      closeUnused();
    };
    const timer = setTimeout(endIdleTime, idleMs);
    await closed;
    clearTimeout(timer);
  };
}
