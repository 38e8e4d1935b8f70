import createApi, { type Client as OpenApiClient } from 'openapi-fetch';
import type { paths } from './generated/api.js';
import { followStream, type StreamOptions } from './stream.js';
import { readToken, type TokenSource } from './token.js';

/** Options of a client. */
export interface ClientOptions {
  /** The URL of the API, such as `https://tidings.example.com`. It may have a path, where `BASE_PATH` is set. */
  url: string;
  /** The token, or a function that returns one. */
  token: TokenSource;
  /** Default: the global `fetch`. */
  fetch?: typeof fetch;
}

/** A client of one API, with one token source. */
export interface Client {
  /**
   * Calls any route of the API, typed by its OpenAPI document: `client.api.GET('/api/webhooks')`. Resolves with `data`, or
   * with `error` (a problem document) for a status from 400 on; it does not throw for these.
   *
   * @see https://openapi-ts.dev/openapi-fetch/
   */
  api: OpenApiClient<paths>;
  /**
   * Follows the live stream and reconnects automatically. Resolves when `signal` is aborted, or the server sends no more
   * events (204). Rejects with a `StreamError` when the API refuses the stream permanently (a wrong option, an invalid token),
   * and with any error of `onEvent`, `onGap`, `store` or the token source.
   */
  stream: (options: StreamOptions) => Promise<void>;
}

/** Creates a client, which sends the token with each request. */
export function createClient({ url, token, fetch: customFetch }: ClientOptions): Client {
  const fetch: typeof globalThis.fetch = customFetch ?? ((input, init) => globalThis.fetch(input, init));
  const api = createApi<paths>({ baseUrl: url, fetch: (request) => fetch(request) });
  api.use({
    async onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${await readToken(token)}`);
      return request;
    },
  });
  return { api, stream: (options) => followStream({ url, token, fetch }, options) };
}
