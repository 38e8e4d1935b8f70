import type { Agent, ClientRequestArgs } from 'node:http';
import { isIPv6, type LookupFunction, type Socket } from 'node:net';
import type { Guard } from './guard.js';
import { raceAddresses } from './race-addresses.js';
import { smallReads } from './small-reads.js';

type Connect = Agent['createConnection'];

/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 10_000;

/** No address of the host accepted a connection in time. `code` is `ECONNECTTIMEOUT`. */
class ConnectTimeoutError extends Error {
  readonly code = 'ECONNECTTIMEOUT';

  constructor() {
    super(`The host did not accept a connection within ${String(CONNECT_MS / 1000)} s.`);
    this.name = 'ConnectTimeoutError';
  }
}

/**
 * Creates a `createConnection` for an agent that connects only to addresses that the guard has checked, whichever of the host's
 * addresses answers first (I6). The socket is handed over when it is connected; TLS follows.
 *
 * @param connect the agent's own
 */
export function connectGuarded(connect: Connect, { resolve }: Guard): Connect {
  return (options: ClientRequestArgs, callback) => {
    resolve(options.host ?? '')
      .then((addresses) => raceAddresses(addresses, (address, signal) => open(connect, options, address, signal)))
      .then(
        (socket) => callback?.(null, socket),
        (error: unknown) => callback?.(error as Error, undefined as never),
      );
    return undefined;
  };
}

function open(connect: Connect, options: ClientRequestArgs, address: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // The name stays the socket's host: TLS verifies it.
    const socket = connect({
      ...options,
      lookup: only(address),
      autoSelectFamily: false,
      onread: smallReads(),
    } as ClientRequestArgs) as Socket;
    const giveUp = (): void => void socket.destroy();
    const timer = setTimeout(() => socket.destroy(new ConnectTimeoutError()), CONNECT_MS);
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    signal.addEventListener('abort', giveUp);
    socket.on('error', reject);
    socket.once('close', end);
    socket.once('connect', () => {
      end();
      resolve(socket);
    });
  });
}

/** Returns a look-up whose answer is this address. A socket that is given an address as its host looks nothing up. */
function only(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4;
  return (_host, { all }, callback) => {
    if (all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
