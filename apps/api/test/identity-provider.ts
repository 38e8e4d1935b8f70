import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A fake identity provider that serves its public keys (JWKS). */
export interface IdentityProvider {
  /** The URL of the key set. */
  url: string;
  /** The paths of all requests so far, in order. */
  asked: string[];
  /** The handler of requests; a test may replace it. */
  answer: RequestListener;
  stop: () => void;
}

/** Starts an identity provider on a free port, which serves this key set. */
export async function startIdentityProvider(keySet: string): Promise<IdentityProvider> {
  const server = createServer((request, response) => {
    provider.asked.push(request.url ?? '');
    provider.answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: IdentityProvider = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/jwks`,
    asked: [],
    answer: (_request, response) => response.end(keySet),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return provider;
}
