// Many clients in one process. They count events, and read the time in some of them: parsing all of it would cost more
// than sending it.
import { connect, type Socket } from 'node:net';
import { now } from '../now.js';

/** What the parent asks for: connections, or to tell when each has got so many events more. */
export type Order = { open: { host: string; port: number; path: string; tokens: string[]; count: number } } | { expect: number };

/** What it is told. */
export type Answer = { open: true } | { received: true; latenciesMs: number[] };

const EVENT = Buffer.from('event: extraction.');
/** One of so many connections looks at the time that an event holds. */
const SAMPLE = 50;
const SENT_AT = /"version":"(\d+\.\d+)"/g;
/** So many connections are opened at once. */
const AT_ONCE = 100;

let received = 0;
let expected = Infinity;
let latenciesMs: number[] = [];
let connections = 0;

const tell = (answer: Answer): void => void process.send?.(answer);

function lookIfDone(): void {
  if (received < expected) return;
  received -= expected;
  expected = Infinity;
  tell({ received: true, latenciesMs });
  latenciesMs = [];
}

function count(bytes: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(EVENT); at !== -1; at = bytes.indexOf(EVENT, at + EVENT.length)) found += 1;
  return found;
}

function open(host: string, port: number, path: string, token: string, isSample: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, host);
    let rest: Buffer | undefined;
    socket.once('connect', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    });
    socket.once('data', (head: Buffer) => {
      if (head.toString('latin1', 0, 12) === 'HTTP/1.1 200') resolve();
      else reject(new Error(head.toString()));
    });
    socket.on('data', (data: Buffer) => {
      const bytes = rest ? Buffer.concat([rest, data]) : data;
      // A chunk ends with a line; what does not may end within what is looked for.
      rest = bytes.at(-1) === 0x0a ? undefined : bytes;
      if (rest) return;
      received += count(bytes);
      if (isSample) {
        const at = now();
        for (const [, sentAt] of bytes.toString('latin1').matchAll(SENT_AT)) latenciesMs.push(at - Number(sentAt));
      }
      lookIfDone();
    });
    socket.once('error', reject);
  });
}

process.on('message', (order: Order) => {
  if ('expect' in order) {
    expected = order.expect * connections;
    lookIfDone();
    return;
  }
  const { host, port, path, tokens, count } = order.open;
  connections = count;
  let next = 0;
  const opener = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await open(host, port, path, tokens[index % tokens.length] ?? '', index % SAMPLE === 0);
    }
  };
  void Promise.all(Array.from({ length: AT_ONCE }, opener)).then(() => {
    tell({ open: true });
  });
});
process.once('disconnect', () => process.exit());
