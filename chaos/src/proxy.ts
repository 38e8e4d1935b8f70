import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A stretch of network between a process and a server, which can be cut. */
export interface Proxy {
  port: number;
  /** The server's own URL, by way of the proxy. */
  url: (serverUrl: string) => string;
  /** Resets every connection, and each new one. */
  cut: () => void;
  /**
   * Loses every byte without a word, as a firewall that dropped its state does: both ends take their connections for
   * alive. New connections meet the same silence.
   */
  silence: () => void;
  /**
   * New connections get through again.
   *
   * @param halfOpen `reset`: connections that met the silence are reset; `keep`: nobody ever tells their ends
   */
  heal: (halfOpen?: 'reset' | 'keep') => void;
  stop: () => Promise<void>;
}

type State = 'open' | 'cut' | 'silent';

/** Begins open. */
export async function startProxy(target: { host: string; port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  let state: State = 'open';

  const server = createServer((client) => {
    keep(client);
    if (state === 'cut') client.resetAndDestroy();
    else if (state === 'silent') swallow(client);
    else {
      const upstream = connect(target);
      keep(upstream);
      join(client, upstream);
      join(upstream, client);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      silenced.delete(socket);
    });
  };
  const join = (from: Socket, to: Socket): void => {
    from.pipe(to);
    from.once('close', () => {
      // The other end of a connection that met the silence is not told.
      if (!silenced.has(to)) to.destroy();
    });
  };
  const swallow = (socket: Socket): void => {
    silenced.add(socket);
    socket.unpipe();
    socket.on('data', () => undefined);
    socket.resume();
  };

  return {
    port,
    url(serverUrl) {
      const url = new URL(serverUrl);
      url.host = `127.0.0.1:${String(port)}`;
      return url.href;
    },
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.resetAndDestroy();
    },
    silence() {
      state = 'silent';
      for (const socket of sockets) swallow(socket);
    },
    heal(halfOpen = 'reset') {
      state = 'open';
      if (halfOpen === 'reset') for (const socket of silenced) socket.resetAndDestroy();
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
