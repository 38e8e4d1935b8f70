import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';
const MAX_TRIES = 100;
/** Below the ports that systems give to outgoing connections, and to servers that ask for any port; behind 10080, to which `fetch` sends nothing. */
const [FIRST_PORT, LAST_PORT] = [10_081, 32_000];

/**
 * Returns a random port of 127.0.0.1 on which nothing listens. The system gives it to nobody else, so the port is still free when
 * a process that starts now listens on it, and when the process is started again.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${String(MAX_TRIES)} ports between ${String(FIRST_PORT)} and ${String(LAST_PORT)} is free.`);
}

/** Returns whether a server could listen on the port. Throws when the host is not an address of this machine. */
export async function isFree(port: number, host = LOOPBACK): Promise<boolean> {
  try {
    await listen(port, host);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Returns the first free port of the 100 from `from` on that is not in `except`. Throws when there is none. */
export async function nextFreePort(from: number, { host = LOOPBACK, except = [] as readonly number[] } = {}): Promise<number> {
  for (let port = from; port < from + MAX_TRIES; port += 1) {
    if (!except.includes(port) && (await isFree(port, host))) return port;
  }
  throw new Error(`None of the ports ${String(from)} to ${String(from + MAX_TRIES - 1)} is free.`);
}

async function listen(port: number, host: string): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}
