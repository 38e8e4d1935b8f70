import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import got, { type Options, type RequestError } from 'got';
import type { Agents } from '@tidings/egress';
import type { AttemptResult } from './attempt-result.js';
import { classifyError } from './classify-error.js';
import { readRetryAfter } from './retry-after.js';

/** A request to a receiver: always a POST. */
export interface OutgoingRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Sends one request. Never throws: a failure is part of the result. */
export type Send = (request: OutgoingRequest) => Promise<AttemptResult>;

/** The deadline of one attempt, including a second request. */
interface Deadline {
  /** Called when the deadline passes; undefined when no request is in progress. */
  onPassed: (() => void) | undefined;
}

interface SenderOptions {
  /** The agents of `@tidings/egress`, whose sockets the guard checks. */
  agents: Pick<Agents, 'http' | 'https'>;
  /** The deadline of an attempt, from the DNS look-up to the last byte that is read, in milliseconds. */
  timeoutMs: number;
}

/** How much of a response body is kept. */
const KEPT_BYTES = 4096;
/** A normal receiver sends one or two (103 Early Hints); a flood would keep a CPU busy until the deadline. */
const MAX_INFORMATIONAL = 16;
/** A body up to this size is read to its end, so that the connection can be used again. Beyond it the connection is closed. */
const READ_BYTES = 65_536;

/**
 * Creates a sender that uses got without its extra features: no retries (BullMQ retries), no redirects (a 3xx is a failure),
 * no decompression (a gzip bomb grew memory by 205 MB, measured). The deadline is not got's, since got 14 hangs after `101
 * Switching Protocols` beyond all of its own timeouts (measured). Of the thirty options that got passes to Node, three matter
 * here, and the agents set the others: preparing all thirty takes a quarter of the cost of a request (docs/performance.md).
 */
export function createSender({ agents: { http, https }, timeoutMs }: SenderOptions): Send {
  const client = got.extend({
    method: 'POST',
    agent: { http, https },
    decompress: false,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    headers: { 'user-agent': 'Tidings', 'accept-encoding': undefined },
    handlers: [
      (options, next) => {
        options.createNativeRequestOptions = minimalRequestOptions;
        return next(options);
      },
    ],
  });

  const attempt = ({ url, headers, body }: OutgoingRequest, deadline: Deadline) =>
    new Promise<{ statusCode: number; retryAfter: string | undefined; kept: Buffer }>((resolve, reject) => {
      const request = client.stream(url, { headers: { ...headers }, body });
      let statusCode: number | undefined;
      let retryAfter: string | undefined;
      const chunks: Buffer[] = [];
      let size = 0;
      let bytesRead = (): number => 0;
      let informational = 0;
      const finish = (): void => {
        request.destroy();
        deadline.onPassed = undefined;
        if (statusCode !== undefined) resolve({ statusCode, retryAfter, kept: Buffer.concat(chunks).subarray(0, KEPT_BYTES) });
      };
      deadline.onPassed = () => {
        finish();
        reject(Object.assign(new Error('The deadline passed.'), { code: 'EDEADLINE' }));
      };
      request.on('information', () => {
        informational += 1;
        if (informational <= MAX_INFORMATIONAL) return;
        finish();
        reject(Object.assign(new Error('There were too many informational responses.'), { code: 'EINFORMATIONAL' }));
      });
      // Tidings never asks for an upgrade. got listens to this event, so Node would leave the socket open forever (measured).
      request.once('upgrade', (response: IncomingMessage, socket: Socket) => {
        socket.destroy();
        statusCode = response.statusCode;
        finish();
      });
      request.on('response', (response: IncomingMessage & { statusCode: number }) => {
        // In chunks of one byte, a body of 64 KB is 400 KB on the socket, which blocks the event loop for 57 ms (measured).
        const { socket } = response;
        const bytesBefore = socket.bytesRead;
        bytesRead = () => socket.bytesRead - bytesBefore;
        statusCode = response.statusCode;
        retryAfter = response.headers['retry-after'];
      });
      request.on('data', (chunk: Buffer) => {
        if (size < KEPT_BYTES) chunks.push(chunk);
        size += chunk.length;
        if (size > READ_BYTES || bytesRead() > READ_BYTES) finish();
      });
      request.once('end', finish);
      // Once there is a status, it is the result: a body that breaks off does not change it.
      request.on('error', (error) => {
        finish();
        reject(error);
      });
    });

  return async (request) => {
    const startedAt = performance.now();
    const deadline: Deadline = { onPassed: undefined };
    const timer = setTimeout(() => deadline.onPassed?.(), timeoutMs);
    const result = await attempt(request, deadline)
      .catch((error: unknown) => {
        // The receiver closed a kept connection as it was reused, and read nothing. So the request is sent again immediately.
        if (closedWhileIdle(error as RequestError)) return attempt(request, deadline);
        throw error;
      })
      .then(({ statusCode, retryAfter, kept }) => ({
        statusCode,
        retryAfterMs: readRetryAfter(retryAfter, Date.now()),
        responseBody: toText(kept),
        ...classifyStatus(statusCode),
      }))
      .catch((error: unknown) => ({
        statusCode: null,
        retryAfterMs: null,
        responseBody: null,
        ...classifyError(error as NodeJS.ErrnoException),
      }));
    clearTimeout(timer);
    return { startedAt, durationMs: Math.round(performance.now() - startedAt), ...result };
  };
}

type NativeOptions = ReturnType<Options['createNativeRequestOptions']>;

function minimalRequestOptions(this: Options): NativeOptions {
  const { url, agent, method, headers } = this;
  return { agent: (url as URL).protocol === 'https:' ? agent.https : agent.http, method, headers } as NativeOptions;
}

function closedWhileIdle(error: RequestError): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(error.code) && error.request?.reusedSocket === true;
}

/** A 2xx succeeds. Node's parser also accepts statuses that HTTP does not have (099, 999; measured). */
function classifyStatus(statusCode: number): Pick<AttemptResult, 'errorClass' | 'error'> {
  if (statusCode >= 200 && statusCode <= 299) return { errorClass: null, error: null };
  if (statusCode < 100 || statusCode > 599) {
    return { errorClass: 'protocol', error: `The response had the status ${String(statusCode)}, which HTTP does not have.` };
  }
  return { errorClass: 'http_status', error: `The response had the status ${String(statusCode)}.` };
}

/** Decodes a body. PostgreSQL's text cannot hold NUL, so NUL and bytes that are not UTF-8 become U+FFFD. */
function toText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\0', '\ufffd');
}
