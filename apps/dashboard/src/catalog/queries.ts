import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSession } from '../session/use-session.js';
import { listEventTypes, readEventType, type EventType, type EventTypeFilter } from './event-types-api.js';

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

/** A version of a type for the form that changes it, and the number of the next version. Never from the cache: the form keeps its text. */
export function useEditedType(type: string, version: number | undefined) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['event-types', 'edited', type, version],
    queryFn: async () => {
      const eventType = await readEventType(api, type, version);
      return { eventType, nextVersion: nextVersionOf(eventType) };
    },
    gcTime: 0,
  });
}

function nextVersionOf({ versions, archived_versions }: EventType): number {
  return Math.max(...versions, ...archived_versions) + 1;
}

/** Returns a function that refetches the catalog after a change. */
export function useRefreshCatalog(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['event-types'] });
}
