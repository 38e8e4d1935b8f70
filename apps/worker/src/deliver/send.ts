import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import got, { type Options, type RequestError } from 'got';
import type { Agents } from '@tidings/egress';
import type { AttemptResult } from './attempt-result.js';
import { classifyError } from './classify-error.js';
import { readRetryAfter } from './retry-after.js';

export interface OutgoingRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Makes one attempt. Never throws: what goes wrong is the result. */
export type Send = (request: OutgoingRequest) => Promise<AttemptResult>;

/** Of all that one attempt takes. */
interface Deadline {
  onPassed: (() => void) | undefined;
}

interface SenderOptions {
  /** The ways out, which pass the guard. */
  agents: Pick<Agents, 'http' | 'https'>;
  /** From the first look-up to the last byte that is read, in milliseconds. */
  timeoutMs: number;
}

/** What of a response is kept. */
const KEPT_BYTES = 4096;
/** An honest receiver sends one or two (103 Early Hints); a flood would keep a processor busy until the deadline. */
const MAX_INFORMATIONAL = 16;
/** A response up to this size is read to its end, so that its connection can be used again; beyond it, it is closed. */
const READ_BYTES = 65_536;

/**
 * Sends with got, without its conveniences: no retries (BullMQ's), no redirects (a 3xx is a failure), no
 * decompression (a gzip bomb grew memory by 205 MB, measured), and a deadline of our own, since `101 Switching
 * Protocols` hangs got 14 beyond each of its own time limits (measured). Of what got
 * would tell Node, three options matter here: the others are the agents'. Making and reading all thirty takes a quarter of
 * what a request costs (docs/performance.md).
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
        options.createNativeRequestOptions = fewOptions;
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
      // Nobody asked for another protocol. got passes the event on, so Node leaves the socket open, for good (measured).
      request.once('upgrade', (response: IncomingMessage, socket: Socket) => {
        socket.destroy();
        statusCode = response.statusCode;
        finish();
      });
      request.on('response', (response: IncomingMessage & { statusCode: number }) => {
        // With chunks of one byte, 64 KB of body are 400 KB to read, 57 ms in which nobody else is served (measured).
        const { socket } = response;
        const before = socket.bytesRead;
        bytesRead = () => socket.bytesRead - before;
        statusCode = response.statusCode;
        retryAfter = response.headers['retry-after'];
      });
      request.on('data', (chunk: Buffer) => {
        if (size < KEPT_BYTES) chunks.push(chunk);
        size += chunk.length;
        if (size > READ_BYTES || bytesRead() > READ_BYTES) finish();
      });
      request.once('end', finish);
      // Once there is a status, it is the contract: a body that breaks off changes nothing.
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
        // The receiver had closed a kept connection just then: nothing was taken, so it is sent again at once.
        if (closedWhileIdle(error as RequestError)) return attempt(request, deadline);
        throw error;
      })
      .then(({ statusCode, retryAfter, kept }) => ({
        statusCode,
        retryAfterMs: readRetryAfter(retryAfter, Date.now()),
        responseBody: toText(kept),
        ...judge(statusCode),
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

function fewOptions(this: Options): NativeOptions {
  const { url, agent, method, headers } = this;
  return { agent: (url as URL).protocol === 'https:' ? agent.https : agent.http, method, headers } as NativeOptions;
}

function closedWhileIdle(error: RequestError): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(error.code) && error.request?.reusedSocket === true;
}

/** A 2xx is success; Node's parser also lets statuses through that HTTP does not have (099, 999; measured). */
function judge(statusCode: number): Pick<AttemptResult, 'errorClass' | 'error'> {
  if (statusCode >= 200 && statusCode <= 299) return { errorClass: null, error: null };
  if (statusCode < 100 || statusCode > 599) {
    return { errorClass: 'protocol', error: `The response had the status ${String(statusCode)}, which HTTP does not have.` };
  }
  return { errorClass: 'http_status', error: `The response had the status ${String(statusCode)}.` };
}

/** PostgreSQL's text holds no NUL; what is not UTF-8 is shown as U+FFFD. */
function toText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\0', '\ufffd');
}
