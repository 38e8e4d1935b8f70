import createApi, { type Client as OpenApiClient } from 'openapi-fetch';
import type { paths } from './generated/api.js';
import { followStream, type StreamOptions } from './stream.js';
import { readToken, type TokenSource } from './token.js';

export interface ClientOptions {
  /** Of the API, such as `https://tidings.example.com`. */
  url: string;
  token: TokenSource;
  /** Default: the global one. */
  fetch?: typeof fetch;
}

export interface Client {
  /**
   * Every route of the API, typed by its OpenAPI document: `client.api.GET('/api/webhooks')`. Answers with `data`, or with
   * `error` (a problem document), and never throws for a status.
   *
   * @see https://openapi-ts.dev/openapi-fetch/
   */
  api: OpenApiClient<paths>;
  /**
   * Follows the live stream, and connects again by itself. Resolves when `signal` ends it. Rejects with a `StreamError`
   * when the API refuses it for good (a wrong option, a token that is not valid), and with whatever `onEvent` throws.
   */
  stream: (options: StreamOptions) => Promise<void>;
}

/** A client of one API, in the name of whoever has the token. */
export function createClient({ url, token, fetch: ownFetch }: ClientOptions): Client {
  const fetch: typeof globalThis.fetch = ownFetch ?? ((input, init) => globalThis.fetch(input, init));
  const api = createApi<paths>({ baseUrl: url, fetch: (request) => fetch(request) });
  api.use({
    async onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${await readToken(token)}`);
      return request;
    },
  });
  return { api, stream: (options) => followStream({ url, token, fetch }, options) };
}
