import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:net';

/** The range of `freePort` of `@tidings/local`, which depends on this package. It begins behind 10080, to which `fetch` sends nothing. */
const [FIRST_PORT, LAST_PORT] = [10_081, 32_000];
const MAX_TRIES = 100;

/**
 * Lets the server listen on a random port of 127.0.0.1, and returns the port. The system gives it to nobody else: while the
 * server is stopped, connections to the port are refused, and the server can listen on it again.
 */
export async function listenOnOwnPort(server: Server): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === MAX_TRIES) throw error;
    }
  }
}
