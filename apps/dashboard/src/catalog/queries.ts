import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSession } from '../session/use-session.js';
import { listEventTypes, readEventType, type EventTypeFilter } from './event-types-api.js';

const PAGE_SIZE = 50;
const SUGGESTIONS = 50;
/** How often visible types are refetched: others may change them. */
const REFETCH_MS = 30_000;

/** One page of the catalog. */
export function useEventTypes(filter: EventTypeFilter, cursor: string | undefined) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['event-types', 'page', filter, cursor],
    queryFn: () => listEventTypes(api, filter, PAGE_SIZE, cursor),
    placeholderData: keepPreviousData,
    refetchInterval: REFETCH_MS,
  });
}

/** The first types that a search finds, as suggestions while the user types. */
export function useEventTypeSearch(search: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['event-types', 'search', search],
    queryFn: async () => (await listEventTypes(api, { search, group: '', archived: false }, SUGGESTIONS)).data,
    placeholderData: keepPreviousData,
    staleTime: REFETCH_MS,
  });
}

/** One version of a type; undefined: the default version. */
export function useEventType(type: string, version: number | undefined) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['event-types', 'type', type, version],
    queryFn: () => readEventType(api, type, version),
    placeholderData: keepPreviousData,
    refetchInterval: REFETCH_MS,
  });
}

/** Returns a function that refetches the catalog after a change. */
export function useRefreshCatalog(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['event-types'] });
}
