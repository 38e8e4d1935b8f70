import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { unwrap, type Schemas } from '../api/api.js';
import { notifySuccess, notifyError } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from '../webhooks/queries.js';
import { resumedMessage } from '../webhooks/webhook-state.js';

/** The state of the whole installation. */
export type Overview = Schemas['Overview'];
/** The attempts of one minute. */
export type Minute = Overview['minutes'][number];
/** An owner with the counts of the last hour and the limits. */
export type Owner = Schemas['Owner'];
/** A webhook with its owner. */
export type OwnedWebhook = Schemas['OwnedWebhook'];
/** The states by which the list of all webhooks can be filtered. */
export type WebhookStateFilter = 'failing' | 'disabled' | 'paused' | 'unverified' | 'circuit_open';
/** One change in the audit log. */
export type AuditEntry = Schemas['AuditEntry'];
type OwnerChange = Partial<Pick<Owner, 'disabled' | 'webhooks_limit' | 'requests_per_minute'>>;

const REFETCH_MS = 5000;
const PAGE_SIZE = 50;
/** The number of owners that the page lists. */
export const MAX_OWNERS = 200;

/** Refetches visible data and shows the previous data while a new page loads. */
const LIVE = { refetchInterval: REFETCH_MS, placeholderData: keepPreviousData } as const;

/** The overview, refetched every five seconds. */
export function useOverview() {
  const { api } = useSession();
  return useQuery({ ...LIVE, queryKey: ['operator', 'overview'], queryFn: () => unwrap(api.api.GET('/api/admin/overview')) });
}

/** The owners with the most attempts in the last hour. */
export function useOwners() {
  const { api } = useSession();
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'owners'],
    queryFn: () => unwrap(api.api.GET('/api/admin/owners', { params: { query: { limit: MAX_OWNERS } } })),
  });
}

/** One webhook of any owner. */
export function useAnyWebhook(id: string) {
  const { api } = useSession();
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'webhook', id],
    queryFn: () => unwrap(api.api.GET('/api/admin/webhooks/{id}', { params: { path: { id } } })),
  });
}

/**
 * One page of the webhooks of all owners.
 *
 * @param filter null and an empty text match everything
 */
export function useAllWebhooks(filter: { state: WebhookStateFilter | null; owner: string; cursor: string | undefined }) {
  const { api } = useSession();
  const { state, owner, cursor } = filter;
  const query = {
    limit: PAGE_SIZE,
    ...(state === null ? {} : { state }),
    ...(owner === '' ? {} : { owner }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'webhooks', query],
    queryFn: () => unwrap(api.api.GET('/api/admin/webhooks', { params: { query } })),
  });
}

/**
 * One page of the audit log, newest first.
 *
 * @param filter null and an empty text match everything
 */
export function useAudit(filter: { owner: string; webhookId: string; cursor: string | undefined }) {
  const { api } = useSession();
  const { owner, webhookId, cursor } = filter;
  const query = {
    limit: PAGE_SIZE,
    ...(owner === '' ? {} : { owner }),
    ...(webhookId === '' ? {} : { webhook_id: webhookId }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return useQuery({
    ...LIVE,
    queryKey: ['operator', 'audit', query],
    queryFn: () => unwrap(api.api.GET('/api/admin/audit', { params: { query } })),
  });
}

/** An action of the operator. It notifies about the result and refetches the visible data. */
function useOperatorAction<Input, Result>(
  run: (input: Input) => Promise<Result>,
  successMessage: (input: Input, result: Result) => string,
) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: run,
    onSuccess: async (result, input) => {
      notifySuccess(successMessage(input, result));
      await refresh();
    },
    onError: (error) => {
      notifyError('The change failed', error);
    },
  });
}

/** Pauses (true) or resumes all deliveries. */
export function usePauseDeliveries() {
  const { api } = useSession();
  return useOperatorAction(
    (paused: boolean) => unwrap(api.api.PATCH('/api/admin/pause', { body: { paused } })),
    (paused) => (paused ? 'Deliveries are paused.' : 'Deliveries are resumed.'),
  );
}

/** Disables, enables, pauses or resumes a webhook of any owner. */
export function useChangeWebhook() {
  const { api } = useSession();
  return useOperatorAction(
    ({ id, change }: { id: string; change: { enabled?: boolean; paused?: boolean }; successMessage?: string }) =>
      unwrap(api.api.PATCH('/api/admin/webhooks/{id}', { params: { path: { id } }, body: change })),
    ({ successMessage }, webhook) => successMessage ?? resumedMessage(webhook),
  );
}

/** Disables or enables an owner, or sets the owner's limits. */
export function useChangeOwner() {
  const { api } = useSession();
  return useOperatorAction(
    ({ owner, change }: { owner: string; change: OwnerChange }) =>
      unwrap(api.api.PATCH('/api/admin/owners/{owner}', { params: { path: { owner } }, body: change })),
    ({ owner }) => `The settings of ${owner} were saved.`,
  );
}
