import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Responds to the first bytes of a request with raw bytes. */
type Misbehaviour = (socket: Socket) => unknown;

const OK = 'HTTP/1.1 200 OK\r\n';

/** Writes as fast as the client reads, and never ends. */
function flood(socket: Socket, first: string, chunk: string | Buffer): void {
  socket.write(first);
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** Writes a little every few milliseconds, and never ends. */
function trickle(socket: Socket, first: string, piece: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(piece), 5);
  socket.on('close', () => {
    clearInterval(timer);
  });
}

const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
const bombHead = `${OK}Content-Encoding: gzip\r\nContent-Length: ${String(bomb.length)}\r\n\r\n`;
const manyHeaders = Array.from({ length: 3000 }, (_, index) => `h${String(index)}: v\r\n`).join('');
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';

/** Each misbehaviour of a receiver, by name. */
export const misbehaviours = {
  'hangs before the headers': () => undefined,
  'hangs within the headers': (socket) => socket.write(`${OK}A: b\r\n`),
  'hangs after the headers': (socket) => socket.write(`${OK}Content-Length: 10\r\n\r\n`),
  'hangs after the headers of a 500': (socket) => socket.write('HTTP/1.1 500 Oh\r\nContent-Length: 10\r\n\r\n'),
  'trickles headers': (socket) => {
    trickle(socket, OK, 'A: b\r\n');
  },
  'trickles one header': (socket) => {
    trickle(socket, `${OK}A: `, 'b');
  },
  'trickles the body': (socket) => {
    trickle(socket, `${OK}Content-Length: 1000000\r\n\r\n`, 'a');
  },
  'sends a body without end': (socket) => {
    flood(socket, `${OK}\r\n`, Buffer.alloc(65_536, 'a'));
  },
  'sends chunks without end': (socket) => {
    flood(socket, `${OK}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'.repeat(5000));
  },
  'sends a gzip bomb': (socket) => socket.write(Buffer.concat([Buffer.from(bombHead), bomb])),
  'sends a header of 64 KB': (socket) => socket.write(`${OK}A: ${'b'.repeat(65_536)}\r\nContent-Length: 0\r\n\r\n`),
  'sends 3,000 headers': (socket) => socket.write(`${OK}${manyHeaders}Content-Length: 0\r\n\r\n`),
  'sends headers without end': (socket) => {
    flood(socket, OK, 'A: b\r\n'.repeat(1000));
  },
  'sends informational responses without end': (socket) => {
    flood(socket, '', HINT.repeat(100));
  },
  'sends ten informational responses, then a 200': (socket) => socket.write(`${HINT.repeat(10)}${OK}Content-Length: 0\r\n\r\n`),
  'switches protocols': (socket) => socket.write(SWITCH),
  'switches protocols and floods': (socket) => {
    flood(socket, SWITCH, Buffer.alloc(65_536));
  },
  'resets after a 200': (socket) => socket.write(`${OK}Content-Length: 10\r\n\r\nabc`, () => socket.resetAndDestroy()),
  'sends a short body after a 200': (socket) => socket.end(`${OK}Content-Length: 10\r\n\r\nabc`),
  'resets before a response': (socket) => socket.resetAndDestroy(),
  'closes before a response': (socket) => socket.end(),
  'speaks HTTP/0.9': (socket) => socket.end('<html>hello</html>'),
  'speaks HTTP/1.0': (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nold'),
  'speaks HTTP/2': (socket) => socket.write(Buffer.from('00000604000000000000040000ffff', 'hex')),
  'speaks garbage': (socket) => socket.write(Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 89) % 256))),
  'sends two lengths': (socket) => socket.write(`${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`),
  'sends a length and chunks': (socket) =>
    socket.write(`${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`),
  'sends bad chunks': (socket) => socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`),
  'sends bad chunks after a 500': (socket) => socket.write('HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n'),
  'sends a negative length': (socket) => socket.write(`${OK}Content-Length: -1\r\n\r\n`),
  'has the status 099': (socket) => socket.write('HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n'),
  'has the status 999': (socket) => socket.write('HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n'),
  'redirects to an internal address': (socket) =>
    socket.write('HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n'),
  'responds twice': (socket) => socket.write(`${OK}Content-Length: 0\r\n\r\n`.repeat(2)),
} satisfies Record<string, Misbehaviour>;

export type MisbehaviourName = keyof typeof misbehaviours;

export interface HostileReceiver {
  /** The URL that misbehaves in this way. */
  url: (name: MisbehaviourName) => string;
  /** The number of open connections. */
  openConnections: () => number;
  close: () => void;
}

/** Starts a server on 127.0.0.1 with a path for each misbehaviour. */
export async function startHostileReceiver(): Promise<HostileReceiver> {
  const names = Object.keys(misbehaviours) as MisbehaviourName[];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (head) => {
      const index = Number(/^POST \/(\d+) /.exec(head.toString('latin1'))?.[1]);
      misbehaviours[names[index] as MisbehaviourName](socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${String(port)}/${String(names.indexOf(name))}`,
    openConnections: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
