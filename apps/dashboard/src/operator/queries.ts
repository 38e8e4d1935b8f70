import { useMutation, useQuery } from '@tanstack/react-query';
import { getJson, sendJson } from '../api/get-json.js';
import { useSession } from '../session/use-session.js';
import { tellDone, tellFailed } from '../shown/tell.js';
import { useRefresh } from '../webhooks/queries.js';
import type { AuditEntry, Delivering, Overview, OwnedWebhook, Page, User, UserChange, WebhookState } from './contract.js';

const LIVE_MS = 5000;
const PAGE = '50';

/** Query parameters without those that are not set. */
function parameters(values: Readonly<Record<string, string | undefined | null>>): string {
  const set = Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return new URLSearchParams(set).toString();
}

function useGet<Answer>(path: string) {
  const { token } = useSession();
  return useQuery({
    queryKey: ['operator', path],
    queryFn: () => getJson<Answer>(token, path),
    refetchInterval: LIVE_MS,
    placeholderData: (before) => before,
  });
}

export const useOverview = () => useGet<Overview>('/api/admin/overview');

/** Those who had the most attempts in the last hour. */
export const useUsers = () => useGet<{ data: User[] }>('/api/admin/users?limit=200');

export const useOwnedWebhook = (id: string) => useGet<OwnedWebhook>(`/api/admin/webhooks/${id}`);

export function useOwnedWebhooks(filter: { state: WebhookState | null; userId: string; cursor: string | undefined }) {
  const { state, userId, cursor } = filter;
  return useGet<Page<OwnedWebhook>>(`/api/admin/webhooks?${parameters({ state, user_id: userId, limit: PAGE, cursor })}`);
}

export function useAudit(filter: { userId: string; webhookId: string; cursor: string | undefined }) {
  const { userId, webhookId, cursor } = filter;
  return useGet<Page<AuditEntry>>(
    `/api/admin/audit?${parameters({ user_id: userId, webhook_id: webhookId, limit: PAGE, cursor })}`,
  );
}

/** Something that the operator does, which is told when it is done, and shown wherever it matters. */
function useDeed<What, Answer>(request: (what: What) => { path: string; body: unknown }, done: (what: What) => string) {
  const { token } = useSession();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (what: What) => {
      const { path, body } = request(what);
      return sendJson<Answer>(token, 'PATCH', path, body);
    },
    onSuccess: async (_answer, what) => {
      tellDone(done(what));
      await refresh();
    },
    onError: (error) => {
      tellFailed('Nothing was changed', error);
    },
  });
}

export const usePauseDelivering = () =>
  useDeed<boolean, Delivering>(
    (paused) => ({ path: '/api/admin/delivering', body: { paused } }),
    (paused) => (paused ? 'Delivering is paused.' : 'Delivering goes on.'),
  );

export const useChangeWebhook = () =>
  useDeed<{ id: string; change: { enabled?: boolean; paused?: boolean }; done: string }, OwnedWebhook>(
    ({ id, change }) => ({ path: `/api/admin/webhooks/${id}`, body: change }),
    ({ done }) => done,
  );

export const useChangeUser = () =>
  useDeed<{ userId: string; change: UserChange }, User>(
    ({ userId, change }) => ({ path: `/api/admin/users/${encodeURIComponent(userId)}`, body: change }),
    ({ userId }) => `${userId} is changed.`,
  );
