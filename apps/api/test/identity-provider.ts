import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The endpoint of an identity provider that publishes its keys. */
export interface IdentityProvider {
  /** Of the key set. */
  url: string;
  /** The paths that were asked for, in their order. */
  asked: string[];
  /** How it answers from now on. */
  answer: RequestListener;
  stop: () => void;
}

/** Starts an identity provider on a free port, which answers with this text. */
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
