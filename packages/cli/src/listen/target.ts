import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { usageError } from '../failure.js';

/** The URL that receives forwarded events. */
export interface Target {
  /** Without credentials: it is printed. */
  url: URL;
  /** The header `Authorization` for the credentials of the URL; null: it has none. Never printed. */
  authorization: string | null;
}

/** The part of a response that counts. */
export interface TargetResponse {
  statusCode: number;
  statusText: string;
  body: string;
}

/** Parses `--forward-to`. Credentials in it become Basic authentication. Throws a `Failure`, without the text: it may hold a password. */
export function parseTarget(given: string): Target {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw usageError('--forward-to is not the URL of a receiver. Write it as http://localhost:4000/hook.');
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { url, authorization: null };
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return { url, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  } catch {
    throw usageError('--forward-to has a user or password that is not percent-encoded: write % as %25.');
  }
}

/** Sends a POST request, and follows no redirect. Rejects without a response, or when `signal` is aborted. */
export function post(
  { url, authorization }: Target,
  options: { headers: Record<string, string>; body: string; signal: AbortSignal; skipVerify: boolean },
): Promise<TargetResponse> {
  const { headers, body, signal, skipVerify } = options;
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
        ...(authorization !== null && { authorization }),
      },
      signal,
      ...(skipVerify && { rejectUnauthorized: false }),
    });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const { statusCode = 0, statusMessage = '' } = response;
      // The status alone decides: an error while reading the body changes nothing.
      void text(response)
        .catch(() => '')
        .then((read) => {
          resolve({ statusCode, statusText: statusMessage, body: read });
        });
    });
    sent.end(body);
  });
}
