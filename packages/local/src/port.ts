import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const LOOPBACK = '127.0.0.1';
const MAX_TRIES = 100;

/** Returns a port of 127.0.0.1 on which nothing listens. */
export function freePort(): Promise<number> {
  return listen(0, LOOPBACK);
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

async function listen(wanted: number, host: string): Promise<number> {
  const server = createServer().listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
