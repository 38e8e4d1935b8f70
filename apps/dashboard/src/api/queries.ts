import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './api.js';

const TRIES = 2;

/**
 * What is asked for is kept here while it is shown.
 *
 * @param onRefused called when the API no longer takes the token
 */
export function createQueries(onRefused: () => void): QueryClient {
  const onError = (error: unknown): void => {
    if (error instanceof ApiProblem && error.status === 401) onRefused();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2000,
        // What the API refuses it refuses again; what did not reach it may.
        retry: (failures, error) => failures < TRIES && !(error instanceof ApiProblem && error.status < 500),
      },
      // A browser that says that it is offline may still reach a server on its own machine.
      mutations: { networkMode: 'always' },
    },
  });
}
