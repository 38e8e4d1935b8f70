import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { LoadError } from './load-error.js';
import { Loading } from './loading.js';

interface QueryResultProps<Data> {
  /** The name of the data, as in "The … could not be loaded". */
  name: string;
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/**
 * Renders the data of a query, a spinner while it loads, or the error. When a refresh fails, the previous data stays
 * visible below the error.
 */
export function QueryResult<Data>({ name, query, children }: QueryResultProps<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <LoadError name={`latest ${name}`} error={query.error} onRetry={query.refetch} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <LoadError name={name} error={query.error} onRetry={query.refetch} />;
  return <Loading name={name} />;
}
