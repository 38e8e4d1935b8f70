import createApi, { type Client as OpenApiClient } from 'openapi-fetch';
import type { EventsOf, PathsOf, ShippedEvents } from './events.js';
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

/**
 * A client of one API, with one token source.
 *
 * @typeParam Catalog the types of its events: see {@link createClient}
 */
export interface Client<Catalog = ShippedEvents> {
  /**
   * Calls any route of the API, typed by its OpenAPI document: `client.api.GET('/api/webhooks')`. Resolves with `data`, or
   * with `error` (a problem document) for a status from 400 on; it does not throw for these.
   *
   * @see https://openapi-ts.dev/openapi-fetch/
   */
  api: OpenApiClient<PathsOf<Catalog>>;
  /**
   * Follows the live stream and reconnects automatically. Resolves when `signal` is aborted, or the server sends no more
   * events (204). Rejects with a `StreamError` when the API refuses the stream permanently (a wrong option, an invalid token),
   * and with any error of `onEvent`, `onGap`, `store` or the token source.
   */
  stream: (options: StreamOptions<Catalog>) => Promise<void>;
}

/**
 * Creates a client, which sends the token with each request.
 *
 * @typeParam Catalog the types of the events that are streamed and published: the type of a catalog of `@tidings/events`, as in
 * `createClient<typeof catalog>({ … })`, or the interface `Events` that `tidings types pull --typescript` writes. Default: the types that
 * a new installation has
 */
export function createClient<Catalog = ShippedEvents>({
  url,
  token,
  fetch: customFetch,
}: ClientOptions): Client<EventsOf<Catalog>> {
  const fetch: typeof globalThis.fetch = customFetch ?? ((input, init) => globalThis.fetch(input, init));
  const api = createApi<PathsOf<EventsOf<Catalog>>>({ baseUrl: url, fetch: (request) => fetch(request) });
  api.use({
    async onRequest({ request }) {
      request.headers.set('authorization', `Bearer ${await readToken(token)}`);
      return request;
    },
  });
  return { api, stream: (options) => followStream({ url, token, fetch }, options) };
}
