import type { Server } from 'node:http';

/**
 * Watches a server's requests, and answers with how to close it: it takes no new connections, answers the requests
 * under way, and closes every connection that has none. Node's own `close` waits, without limit, for a connection that
 * has not sent a request yet (browsers and pools open such ones), and goes on serving those that are kept alive.
 *
 * @returns resolves when every request is answered and every connection closed
 */
export function createDrain(server: Server): () => Promise<void> {
  let underWay = 0;
  let draining = false;
  const closeWhenAnswered = (): void => {
    if (draining && underWay === 0) server.closeAllConnections();
  };
  server.prependListener('request', ({ socket }, response) => {
    if (draining) response.setHeader('connection', 'close');
    underWay += 1;
    // An answer that waits behind another one on its connection is not told when the connection is gone.
    let isOver = false;
    const over = (): void => {
      // The end of a connection is told to both in one go: what is removed meanwhile is called all the same.
      if (isOver) return;
      isOver = true;
      response.off('close', over);
      socket.off('close', over);
      underWay -= 1;
      closeWhenAnswered();
    };
    response.once('close', over);
    socket.once('close', over);
  });

  return () =>
    new Promise((resolve) => {
      draining = true;
      server.close(() => {
        resolve();
      });
      closeWhenAnswered();
    });
}
