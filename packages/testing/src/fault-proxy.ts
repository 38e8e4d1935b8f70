import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { listenOnOwnPort } from './own-port.js';

/** A TCP proxy in front of a service, with which a test makes the service unreachable or silent. */
export interface FaultProxy {
  /** The service's URL with the proxy's host and port. */
  url: string;
  /** Closes every connection and refuses new ones: the service is down. */
  disconnect: () => Promise<void>;
  /** Accepts connections again, and forwards bytes on frozen connections again. */
  restore: () => Promise<void>;
  /** Accepts connections and bytes but forwards nothing: the service hangs. */
  freeze: () => void;
  /** Forwards new connections to another service, as a name does that now has another address; open ones stay where they are. */
  redirect: (serviceUrl: string) => void;
}

/**
 * Starts a TCP proxy on a port of its own on 127.0.0.1 in front of a real service. Only clients that connect through the proxy are
 * affected: other tests use the service undisturbed. The proxy forwards from the start.
 *
 * @param serviceUrl such as `redis://127.0.0.1:6379`; it must name the port
 */
export async function createFaultProxy(serviceUrl: string): Promise<FaultProxy> {
  const url = new URL(serviceUrl);
  const addressOf = ({ hostname, port }: URL) => ({ host: hostname, port: Number(port) });
  let target = addressOf(url);
  const sockets = new Set<Socket>();
  let frozen = false;

  const server = createServer((client) => {
    const service = connect(target);
    for (const [from, to] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      if (frozen) from.pause();
      from.on('error', () => undefined);
      from.once('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const port = await listenOnOwnPort(server);
  url.host = `127.0.0.1:${String(port)}`;

  return {
    url: url.href,
    async disconnect() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    async restore() {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (server.listening) return;
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    redirect(otherUrl) {
      target = addressOf(new URL(otherUrl));
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
  };
}
