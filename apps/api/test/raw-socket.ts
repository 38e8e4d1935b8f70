import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection to a server, for tests that write the bytes of a request themselves. */
export interface RawSocket {
  /** Returns all that has come back so far. */
  received: () => string;
  send: (bytes: string) => void;
  /** Resolves with all that came back, once the server has closed the connection. */
  closed: Promise<string>;
  destroy: () => void;
}

/** Opens a TCP connection on which a test sends any bytes, valid HTTP or not. */
export async function openRaw(url: string): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => {
      resolve(text);
    });
  });
  await Promise.race([once(socket, 'connect'), closed]);
  return {
    received: () => text,
    send(bytes) {
      socket.write(bytes, 'latin1');
    },
    closed,
    destroy() {
      socket.destroy();
    },
  };
}

/** Returns the status codes of the responses in the received text, in order. */
export function statusesIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
