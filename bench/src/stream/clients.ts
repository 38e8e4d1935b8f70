// Many clients in one process. They count events, and parse the time only in a sample: parsing every event would cost more
// than sending it.
import { connect, type Socket } from 'node:net';
import { now } from '../now.js';

/** A command of the parent: open connections, or reply when each has received `expect` further events. */
export type Command =
  { open: { host: string; port: number; path: string; tokens: string[]; count: number } } | { expect: number };

/** The reply to a command. */
export type Reply = { open: true } | { received: true; latenciesMs: number[] };

const EVENT = Buffer.from('event: extraction.');
/** One in this number of connections parses the times of its events. */
const SAMPLE = 50;
const SENT_AT = /"version":"(\d+\.\d+)"/g;
/** The number of connections that are opened at the same time. */
const OPENED_IN_PARALLEL = 100;

let received = 0;
let expected = Infinity;
let latenciesMs: number[] = [];
let connections = 0;

const send = (reply: Reply): void => void process.send?.(reply);

function replyIfComplete(): void {
  if (received < expected) return;
  received -= expected;
  expected = Infinity;
  send({ received: true, latenciesMs });
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
      // A chunk that does not end with a line feed may end within an event.
      rest = bytes.at(-1) === 0x0a ? undefined : bytes;
      if (rest) return;
      received += count(bytes);
      if (isSample) {
        const at = now();
        for (const [, sentAt] of bytes.toString('latin1').matchAll(SENT_AT)) latenciesMs.push(at - Number(sentAt));
      }
      replyIfComplete();
    });
    socket.once('error', reject);
  });
}

process.on('message', (command: Command) => {
  if ('expect' in command) {
    expected = command.expect * connections;
    replyIfComplete();
    return;
  }
  const { host, port, path, tokens, count } = command.open;
  connections = count;
  let next = 0;
  const opener = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await open(host, port, path, tokens[index % tokens.length] ?? '', index % SAMPLE === 0);
    }
  };
  void Promise.all(Array.from({ length: OPENED_IN_PARALLEL }, opener)).then(() => {
    send({ open: true });
  });
});
process.once('disconnect', () => process.exit());
