import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { answerTo, type Schemas } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { tellDone, tellFailed } from '../shown/tell.js';
import { useRefresh } from '../webhooks/queries.js';

export type Overview = Schemas['Overview'];
export type Minute = Overview['minutes'][number];
export type User = Schemas['Owner'];
/** Anybody's webhook. */
export type OwnedWebhook = Schemas['OwnedWebhook'];
export type WebhookState = 'failing' | 'disabled' | 'paused' | 'circuit_open';
export type AuditEntry = Schemas['AuditEntry'];
type UserChange = Partial<Pick<User, 'disabled' | 'webhooks_limit' | 'requests_per_minute'>>;

const LIVE_MS = 5000;
const PAGE = 50;
const MOST_USERS = 200;

/** What changes by itself is asked for again; meanwhile what was there stays. */
const LIVE = { refetchInterval: LIVE_MS, placeholderData: keepPreviousData } as const;

export function useOverview() {
  const { api } = useSession();
  return useQuery({ ...LIVE, queryKey: ['operator', 'overview'], queryFn: () => answerTo(api.api.GET('/api/admin/overview')) });
}

/** Those who had the most attempts in the last hour. */
export function useUsers() {
  const { api } = useSession();
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'users'],
    queryFn: () => answerTo(api.api.GET('/api/admin/owners', { params: { query: { limit: MOST_USERS } } })),
  });
}

export function useOwnedWebhook(id: string) {
  const { api } = useSession();
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'webhook', id],
    queryFn: () => answerTo(api.api.GET('/api/admin/webhooks/{id}', { params: { path: { id } } })),
  });
}

/** @param filter an empty text means any */
export function useOwnedWebhooks(filter: { state: WebhookState | null; userId: string; cursor: string | undefined }) {
  const { api } = useSession();
  const { state, userId, cursor } = filter;
  const query = {
    limit: PAGE,
    ...(state === null ? {} : { state }),
    ...(userId === '' ? {} : { owner: userId }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'webhooks', query],
    queryFn: () => answerTo(api.api.GET('/api/admin/webhooks', { params: { query } })),
  });
}

/** @param filter an empty text means any */
export function useAudit(filter: { userId: string; webhookId: string; cursor: string | undefined }) {
  const { api } = useSession();
  const { userId, webhookId, cursor } = filter;
  const query = {
    limit: PAGE,
    ...(userId === '' ? {} : { owner: userId }),
    ...(webhookId === '' ? {} : { webhook_id: webhookId }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'audit', query],
    queryFn: () => answerTo(api.api.GET('/api/admin/audit', { params: { query } })),
  });
}

/** Something that the operator does: it is told when it is done, and everything that may show it is asked for again. */
function useDeed<What>(deed: (what: What) => Promise<unknown>, done: (what: What) => string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: deed,
    onSuccess: async (_answer, what) => {
      tellDone(done(what));
      await refresh();
    },
    onError: (error) => {
      tellFailed('Nothing was changed', error);
    },
  });
}

export function usePauseDelivering() {
  const { api } = useSession();
  return useDeed(
    (paused: boolean) => answerTo(api.api.PATCH('/api/admin/pause', { body: { paused } })),
    (paused) => (paused ? 'Delivering is paused.' : 'Delivering goes on.'),
  );
}

export function useChangeWebhook() {
  const { api } = useSession();
  return useDeed(
    ({ id, change }: { id: string; change: { enabled?: boolean; paused?: boolean }; done: string }) =>
      answerTo(api.api.PATCH('/api/admin/webhooks/{id}', { params: { path: { id } }, body: change })),
    ({ done }) => done,
  );
}

export function useChangeUser() {
  const { api } = useSession();
  return useDeed(
    ({ userId, change }: { userId: string; change: UserChange }) =>
      answerTo(api.api.PATCH('/api/admin/owners/{owner}', { params: { path: { owner: userId } }, body: change })),
    ({ userId }) => `${userId} is changed.`,
  );
}
