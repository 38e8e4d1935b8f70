import { useQuery, useQueryClient } from '@tanstack/react-query';
import { answerTo, type EventType, type Page, type Webhook } from '../api/api.js';
import { getJson } from '../api/get-json.js';
import { useSession } from '../session/use-session.js';

/** How often what may change by itself is asked for again while it is shown. */
const LIVE_MS = 5000;

/** What became of a webhook's deliveries lately, as `GET /api/webhooks/stats` tells. */
export interface WebhookStats {
  webhook_id: string;
  since: string;
  delivered: number;
  failed: number;
  success_rate: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  pending: number;
  series: { at: string; succeeded: number; failed: number }[];
}

/** The caller's webhooks, newest first. */
export function useWebhooks() {
  const { api } = useSession();
  return useQuery({
    queryKey: ['webhooks'],
    queryFn: async () => {
      const all: Webhook[] = [];
      for (let cursor: string | undefined; ;) {
        const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
        const page: Page<Webhook> = await answerTo(api.api.GET('/api/webhooks', { params: { query } }));
        all.push(...page.data);
        if (page.next_cursor === null) return all;
        cursor = page.next_cursor;
      }
    },
    refetchInterval: LIVE_MS,
  });
}

/** How the caller's webhooks did lately, by their ids. */
export function useStats() {
  const { token } = useSession();
  return useQuery({
    queryKey: ['webhooks', 'stats'],
    queryFn: async () => {
      const { data } = await getJson<{ data: WebhookStats[] }>(token, '/api/webhooks/stats');
      return new Map(data.map((stats) => [stats.webhook_id, stats]));
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
