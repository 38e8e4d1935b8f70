import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that systems give to outgoing connections, and to servers that ask for any port. */
const [FIRST_PORT, LAST_PORT] = [10_000, 32_000];
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

/** Returns a port of 127.0.0.1 on which nothing listens, and which the system gives to nobody else. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnOwnPort(server);
  server.close();
  await once(server, 'close');
  return port;
}
