import { connect } from 'node:net';

/** A request as its bytes, so that nothing of it is checked or normalised before it is sent. */
export interface BudgetRequest {
  /** The kind of cost that it tries to cause. */
  name: string;
  method: string;
  /** The target, with the query. */
  target: string;
  headers: readonly [name: string, value: string][];
  body?: Buffer;
}

/** The answer to an exchange. */
export interface BudgetAnswer {
  /** 0: the connection was closed without an answer. */
  status: number;
  /** The size of the answer, in bytes. */
  bytes: number;
  /** The first kilobytes of the answer, with its headers. */
  head: string;
}

const HEAD_BYTES = 4096;
/** Much longer than any answer takes. */
const TIMEOUT_MS = 60_000;

/** Returns the bytes of a request, on a connection of its own. */
export function encode({ method, target, headers, body }: BudgetRequest): Buffer {
  const length: [string, string][] = body === undefined ? [] : [['content-length', String(body.length)]];
  const lines = [['host', 'tidings'], ['connection', 'close'], ...length, ...headers].map(
    ([name, value]) => `${name ?? ''}: ${value ?? ''}`,
  );
  const head = Buffer.from(`${method.toUpperCase()} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Sends the bytes of a request, and resolves when the answer has ended; that of a stream when it has begun. */
export function exchange(url: string, request: Buffer): Promise<BudgetAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let head = '';
    let bytes = 0;
    const socket = connect(Number(port), hostname);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('No answer.')));
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (head.length < HEAD_BYTES) head += chunk.toString('latin1', 0, HEAD_BYTES);
      if (/\r\ncontent-type: text\/event-stream/i.test(head)) socket.destroy();
    });
    let failure: Error | undefined;
    // A server may refuse a body, and close the connection before all of it is sent.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') failure = error;
    });
    socket.once('close', () => {
      if (failure) reject(failure);
      else resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), bytes, head });
    });
    socket.write(request);
  });
}
