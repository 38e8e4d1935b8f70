import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Gate {
  /** The service's own URL, through the gate. */
  url: string;
  /** Breaks every connection and refuses new ones: the service is away. */
  shut: () => Promise<void>;
  /** Lets new connections through, and the frozen ones go on. */
  open: () => Promise<void>;
  /** Takes connections and bytes, but passes nothing on: the service hangs. */
  freeze: () => void;
}

/** A way to a real service that a test can shut, freeze and open, while the other tests go on using the service. It begins open. */
export async function createGate(serviceUrl: string): Promise<Gate> {
  const url = new URL(serviceUrl);
  const target = { host: url.hostname, port: Number(url.port) };
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
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  url.host = `127.0.0.1:${String(port)}`;

  return {
    url: url.href,
    async shut() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
    async open() {
      frozen = false;
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(port);
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
  };
}
