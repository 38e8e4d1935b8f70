import { useQuery, useQueryClient } from '@tanstack/react-query';
import { unwrap, type Page, type Schemas } from '../api/api.js';
import { useSession } from '../session/use-session.js';

/** How often visible data is refetched. */
const REFETCH_MS = 5000;

/** Statistics of a webhook's recent deliveries, from `GET /api/webhooks/stats`. */
export type WebhookStats = Schemas['WebhookStats'];
/** All attempts of a webhook by hour, from `GET /api/webhooks/{id}/stats`. */
export type HourlyStats = Schemas['WebhookHourlyStats'];

/** Reads all pages of a list. */
async function readAll<Item>(readPage: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<Item> = await readPage({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all;
}

/** The webhooks of the signed-in user, newest first. */
export function useWebhooks() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks'],
    queryFn: () => readAll((query) => unwrap(api.api.GET('/api/webhooks', { params: { query } }))),
    refetchInterval: REFETCH_MS,
  });
}

/** The statistics of the signed-in user's webhooks by webhook id. */
export function useStats() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks', 'stats'],
    queryFn: async () => {
      const all = await readAll((query) => unwrap(api.api.GET('/api/webhooks/stats', { params: { query } })));
      return new Map(all.map((stats) => [stats.webhook_id, stats]));
    },
    refetchInterval: REFETCH_MS,
  });
}

/** The attempts of one webhook by hour, of the last 24 hours. */
export function useHourlyStats(id: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks', id, 'stats'],
    queryFn: () => unwrap(api.api.GET('/api/webhooks/{id}/stats', { params: { path: { id }, query: { window: '24h' } } })),
    refetchInterval: REFETCH_MS,
  });
}

/** One webhook of the signed-in user. */
export function useWebhook(id: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks', id],
    queryFn: () => unwrap(api.api.GET('/api/webhooks/{id}', { params: { path: { id } } })),
    refetchInterval: REFETCH_MS,
  });
}

/** Returns a function that refetches all queries except the catalog, which has its own. */
export function useRefresh(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'event-types' });
}
