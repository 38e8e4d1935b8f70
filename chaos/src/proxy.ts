import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy between a process and a server, with network faults. */
export interface Proxy {
  port: number;
  /** The URL of the server, with the proxy's host and port. */
  url: (serverUrl: string) => string;
  /** Resets all open and new connections. */
  cut: () => void;
  /**
   * Drops every byte silently, like a firewall that lost its state: both ends believe that their connections are open. New
   * connections are silent as well.
   */
  silence: () => void;
  /**
   * Lets new connections through again.
   *
   * @param halfOpen `reset` resets the silent connections; `keep` leaves them half open
   */
  heal: (halfOpen?: 'reset' | 'keep') => void;
  /** Leads new connections to another server. Open ones stay where they are. */
  redirect: (target: ProxyTarget) => void;
  stop: () => Promise<void>;
}

/** The address of a server behind a proxy. */
export interface ProxyTarget {
  host: string;
  port: number;
}

type State = 'open' | 'cut' | 'silent';

/** Starts a proxy that forwards all bytes. */
export async function startProxy(initialTarget: ProxyTarget): Promise<Proxy> {
  let target = initialTarget;
  const sockets = new Set<Socket>();
  const silenced = new Set<Socket>();
  let state: State = 'open';

  const server = createServer((client) => {
    track(client);
    if (state === 'cut') client.resetAndDestroy();
    else if (state === 'silent') drop(client);
    else {
      const upstream = connect(target);
      track(upstream);
      join(client, upstream);
      join(upstream, client);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const track = (socket: Socket): void => {
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
      // The other end of a silent connection must not notice.
      if (!silenced.has(to)) to.destroy();
    });
  };
  const drop = (socket: Socket): void => {
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
      for (const socket of sockets) drop(socket);
    },
    heal(halfOpen = 'reset') {
      state = 'open';
      if (halfOpen === 'reset') for (const socket of silenced) socket.resetAndDestroy();
    },
    redirect(newTarget) {
      target = newTarget;
    },
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
