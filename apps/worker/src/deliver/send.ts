import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import got, { type Options } from 'got';
import type { Agents } from '@tidings/egress';
import type { AttemptResult } from './attempt-result.js';
import { classifyError } from './classify-error.js';
import { decodeBody } from './decode-body.js';
import { recordRequestHeaders, recordResponseHeaders, type SentHeaders } from './recorded-headers.js';
import { readRetryAfter } from './retry-after.js';

/** A request to a receiver: always a POST. */
export interface OutgoingRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The `traceparent` that is sent, in place of one in `headers`. Default: none. */
  traceparent?: string;
  /** Whether it is sent on a new connection. Default: on one that was kept from an earlier request, if there is one. */
  onFreshConnection?: boolean;
}

/** Sends one request, once. Never throws: a failure is part of the result. */
export type Send = (request: OutgoingRequest) => Promise<AttemptResult>;

/** A response, as far as it was read. */
interface Response {
  statusCode: number;
  headers: IncomingHttpHeaders;
  kept: Buffer;
}

/** One request, and what came of it. */
interface Exchange {
  /** Null when there was no connection to send them on. */
  sent: SentHeaders | null;
  result: Response | Error;
}

interface SenderOptions {
  /** The agents of `@tidings/egress`, whose sockets the guard checks. */
  agents: Pick<Agents, 'http' | 'https' | 'fresh'>;
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
 * How soon a kept connection that its receiver has closed breaks under the next request, in milliseconds: the way there and
 * back. A receiver that closes it later may have read the request, and is at work on it.
 */
const BROKE_WITHIN_MS = 100;

/**
 * Creates a sender that uses got without its extra features: no retries (one attempt is one request), no redirects (a 3xx is a failure),
 * no decompression (a gzip bomb grew memory by 205 MB, measured; `decodeBody` decompresses the part that is kept). The deadline is not got's, since got 14 hangs after `101
 * Switching Protocols` beyond all of its own timeouts (measured). Of the thirty options that got passes to Node, three matter
 * here, and the agents set the others: preparing all thirty takes a quarter of the cost of a request (docs/performance.md).
 */
export function createSender({ agents: { http, https, fresh }, timeoutMs }: SenderOptions): Send {
  const keeping = got.extend({
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

  const renewing = keeping.extend({ agent: fresh });

  const attempt = ({ url, headers, body, traceparent, onFreshConnection }: OutgoingRequest) =>
    new Promise<Exchange>((resolve) => {
      const startedAt = performance.now();
      const hasOwnTraceparent = traceparent !== undefined;
      const request = (onFreshConnection ? renewing : keeping).stream(url, {
        headers: { ...headers, ...(hasOwnTraceparent && { traceparent }) },
        body,
      });
      let native: ClientRequest | undefined;
      /** Undefined until there is a connection. */
      let bytesBefore: number | undefined;
      let statusCode: number | undefined;
      let responseHeaders: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      let size = 0;
      let bytesRead = (): number => 0;
      let informational = 0;
      const timer = setTimeout(() => {
        // When this process stood still, timers run before it reads what arrived meanwhile: a response in time is not a timeout.
        setImmediate(() => {
          fail(
            Object.assign(new Error('The deadline passed.'), {
              code: bytesBefore === undefined ? 'ECONNECTTIMEOUT' : 'EDEADLINE',
            }),
          );
        });
      }, timeoutMs);
      const end = (result: Response | Error): void => {
        clearTimeout(timer);
        request.destroy();
        resolve({
          sent: native && bytesBefore !== undefined ? { headers: native.getHeaders(), hasOwnTraceparent } : null,
          result,
        });
      };
      const finish = (): void => {
        if (statusCode !== undefined) end({ statusCode, headers: responseHeaders, kept: Buffer.concat(chunks) });
      };
      // Once there is a status, it is the result: a body that breaks off does not change it.
      const fail = (error: Error): void => {
        if (statusCode === undefined) end(error);
        else finish();
      };
      request.once('request', (made: ClientRequest) => {
        native = made;
        made.once('socket', (socket) => {
          bytesBefore = socket.bytesRead;
        });
      });
      request.on('information', () => {
        informational += 1;
        if (informational <= MAX_INFORMATIONAL) return;
        fail(Object.assign(new Error('There were too many informational responses.'), { code: 'EINFORMATIONAL' }));
      });
      // Tidings never asks for an upgrade. got listens to this event, so Node would leave the socket open forever (measured).
      request.once('upgrade', (response: IncomingMessage, socket: Socket) => {
        socket.destroy();
        statusCode = response.statusCode;
        responseHeaders = response.headers;
        finish();
      });
      request.on('response', (response: IncomingMessage & { statusCode: number }) => {
        // In chunks of one byte, a body of 64 KB is 400 KB on the socket, which blocks the event loop for 57 ms (measured).
        const { socket } = response;
        const bytesBeforeBody = socket.bytesRead;
        bytesRead = () => socket.bytesRead - bytesBeforeBody;
        statusCode = response.statusCode;
        responseHeaders = response.headers;
      });
      request.on('data', (chunk: Buffer) => {
        if (size < KEPT_BYTES) chunks.push(chunk);
        size += chunk.length;
        if (size > READ_BYTES || bytesRead() > READ_BYTES) finish();
      });
      request.once('end', finish);
      request.on('error', (error: NodeJS.ErrnoException) => {
        const isClosed = ['ECONNRESET', 'EPIPE'].includes(error.code ?? '') && native?.reusedSocket === true;
        const hasBytes = native?.socket?.bytesRead !== bytesBefore;
        const broke = isClosed && !hasBytes && performance.now() - startedAt < BROKE_WITHIN_MS;
        fail(broke ? new BrokenConnectionError(error) : error);
      });
    });

  return async (request) => {
    const startedAt = performance.now();
    const { sent, result } = await attempt(request);
    const measured = { startedAt, durationMs: Math.round(performance.now() - startedAt) };
    const requestHeaders = sent && recordRequestHeaders(sent);
    if (!('statusCode' in result)) {
      return {
        ...measured,
        requestHeaders,
        statusCode: null,
        retryAfterMs: null,
        responseHeaders: null,
        responseBody: null,
        brokeWhenReused: result instanceof BrokenConnectionError,
        ...classifyError(result),
      };
    }
    const { statusCode, headers, kept } = result;
    const retryAfterMs = readRetryAfter(headers['retry-after'], Date.now());
    return {
      ...measured,
      requestHeaders,
      statusCode,
      retryAfterMs,
      responseHeaders: recordResponseHeaders(headers, sent ?? { headers: {}, hasOwnTraceparent: false }),
      responseBody: await decodeBody(kept, headers, KEPT_BYTES),
      brokeWhenReused: false,
      errorCode: null,
      ...classifyStatus(statusCode, retryAfterMs),
    };
  };
}

/** A kept connection broke as it was used again. `code` is that of the cause. */
class BrokenConnectionError extends Error {
  readonly code: string | undefined;

  constructor(cause: NodeJS.ErrnoException) {
    super('A kept connection broke when it was used again.', { cause });
    this.name = 'BrokenConnectionError';
    this.code = cause.code;
  }
}

type NativeOptions = ReturnType<Options['createNativeRequestOptions']>;

function minimalRequestOptions(this: Options): NativeOptions {
  const { url, agent, method, headers } = this;
  return { agent: (url as URL).protocol === 'https:' ? agent.https : agent.http, method, headers } as NativeOptions;
}

const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;

/** A 2xx succeeds. Node's parser also accepts statuses that HTTP does not have (099, 999; measured). */
function classifyStatus(statusCode: number, retryAfterMs: number | null): Pick<AttemptResult, 'errorClass' | 'error'> {
  if (statusCode >= 200 && statusCode <= 299) return { errorClass: null, error: null };
  if (statusCode < 100 || statusCode > 599) {
    return { errorClass: 'protocol', error: `The response had the status ${String(statusCode)}, which HTTP does not have.` };
  }
  // RFC 6585, 4; RFC 9110, 15.6.4.
  if (statusCode === TOO_MANY_REQUESTS || (statusCode === UNAVAILABLE && retryAfterMs !== null))
    return { errorClass: 'throttled', error: `The receiver asked to slow down, with the status ${String(statusCode)}.` };
  return { errorClass: 'http_status', error: `The response had the status ${String(statusCode)}.` };
}
