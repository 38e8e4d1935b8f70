import { useQuery, useQueryClient } from '@tanstack/react-query';
import { answerTo, type EventType, type Page, type Schemas } from '../api/api.js';
import { useSession } from '../session/use-session.js';

/** How often what may change by itself is asked for again while it is shown. */
const LIVE_MS = 5000;

/** What became of a webhook's deliveries lately, as `GET /api/webhooks/stats` tells. */
export type WebhookStats = Schemas['WebhookStats'];

/** Every page of a list. */
async function allOf<Item>(readPage: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: Page<Item> = await readPage({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all;
}

/** The caller's webhooks, newest first. */
export function useWebhooks() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks'],
    queryFn: () => allOf((query) => answerTo(api.api.GET('/api/webhooks', { params: { query } }))),
    refetchInterval: LIVE_MS,
  });
}

/** How the caller's webhooks did lately, by their ids. */
export function useStats() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks', 'stats'],
    queryFn: async () => {
      const all = await allOf((query) => answerTo(api.api.GET('/api/webhooks/stats', { params: { query } })));
      return new Map(all.map((stats) => [stats.webhook_id, stats]));
    },
    refetchInterval: LIVE_MS,
  });
}

export function useWebhook(id: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks', id],
    queryFn: () => answerTo(api.api.GET('/api/webhooks/{id}', { params: { path: { id } } })),
    refetchInterval: LIVE_MS,
  });
}

/** What may be published, and what each type means. */
export function useCatalog() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['event-types'],
    queryFn: async (): Promise<EventType[]> => (await answerTo(api.api.GET('/api/event-types'))).data,
    staleTime: Infinity,
  });
}

/** Has everything that is shown of webhooks and their deliveries asked for again. */
export function useRefresh(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'event-types' });
}
