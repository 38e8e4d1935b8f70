import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './api.js';

const MAX_RETRIES = 2;

/**
 * Creates the cache of all API queries.
 *
 * @param onUnauthorized called when the API rejects the token
 */
export function createQueryClient(onUnauthorized: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (error instanceof ApiProblem && error.status === 401) onUnauthorized();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2000,
        // A client error (4xx) repeats with the same request. Network and server errors may be temporary.
        retry: (failures, error) => failures < MAX_RETRIES && !(error instanceof ApiProblem && error.status < 500),
      },
      // A browser that reports to be offline may still reach a server on the same machine.
      mutations: { networkMode: 'always' },
    },
  });
}
