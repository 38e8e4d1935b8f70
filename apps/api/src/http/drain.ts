import type { Server } from 'node:http';

/**
 * Counts a server's requests in flight, and returns a function that closes the server: it accepts no new connections,
 * answers the requests in flight, and then closes every connection. Node's own `close` waits without limit for connections
 * that have not sent a request yet (browsers and connection pools open such ones), and still serves kept-alive connections.
 *
 * @returns a function that resolves when every request is answered and every connection is closed
 */
export function createDrain(server: Server): () => Promise<void> {
  let inFlight = 0;
  let isDraining = false;
  const closeWhenAnswered = (): void => {
    if (isDraining && inFlight === 0) server.closeAllConnections();
  };
  server.prependListener('request', ({ socket }, response) => {
    if (isDraining) response.setHeader('connection', 'close');
    inFlight += 1;
    // A response that is queued behind another one on its connection emits no `close` when the connection closes.
    let hasEnded = false;
    const end = (): void => {
      // A closing connection emits both events at once: a listener that is removed meanwhile still runs.
      if (hasEnded) return;
      hasEnded = true;
      response.off('close', end);
      socket.off('close', end);
      inFlight -= 1;
      closeWhenAnswered();
    };
    response.once('close', end);
    socket.once('close', end);
  });

  return () =>
    new Promise((resolve) => {
      isDraining = true;
      server.close(() => {
        resolve();
      });
      closeWhenAnswered();
    });
}
