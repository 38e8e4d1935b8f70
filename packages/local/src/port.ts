import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const LOOPBACK = '127.0.0.1';
const TRIED = 100;

/** A port of 127.0.0.1 on which nothing listens. */
export function freePort(): Promise<number> {
  return listen(0, LOOPBACK);
}

/** Whether the port can be listened on. */
export async function isFree(port: number, host = LOOPBACK): Promise<boolean> {
  try {
    await listen(port, host);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** The first free port from this one on, leaving out those that are meant for something else. */
export async function nextFreePort(from: number, { host = LOOPBACK, except = [] as readonly number[] } = {}): Promise<number> {
  for (let port = from; port < from + TRIED; port += 1) {
    if (!except.includes(port) && (await isFree(port, host))) return port;
  }
  throw new Error(`None of the ports ${String(from)} to ${String(from + TRIED - 1)} is free.`);
}

async function listen(wanted: number, host: string): Promise<number> {
  const server = createServer().listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
