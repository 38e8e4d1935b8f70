import { useQuery } from '@tanstack/react-query';
import { answerTo, type Delivery, type DeliveryWithAttempts, type Page } from '../api/api.js';
import { useSession } from '../session/use-session.js';

export type Status = Delivery['status'];

/** Which deliveries are meant. Times as `datetime-local` inputs write them, in the reader's zone. */
export interface Filter {
  status: Status | null;
  eventType: string | null;
  since: string;
  until: string;
}

export const EVERYTHING: Filter = { status: null, eventType: null, since: '', until: '' };

const LIMIT = 25;
const LIVE_MS = 3000;

/** The filter as the API's query has it. */
function queryOf({ status, eventType, since, until }: Filter) {
  return {
    ...(status === null ? {} : { status: [status] }),
    ...(eventType === null ? {} : { event_types: eventType }),
    ...(since === '' ? {} : { since: new Date(since).toISOString() }),
    ...(until === '' ? {} : { until: new Date(until).toISOString() }),
  };
}

/** A page of a webhook's deliveries; by the operator's route, of anybody's webhook. */
export function useDeliveries(webhookId: string, filter: Filter, cursor: string | undefined, asOperator: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['deliveries', webhookId, filter, cursor, asOperator],
    queryFn: (): Promise<Page<Delivery>> => {
      const query = { limit: LIMIT, ...queryOf(filter), ...(cursor === undefined ? {} : { cursor }) };
      const params = { path: { id: webhookId }, query };
      return answerTo(
        asOperator
          ? api.api.GET('/api/admin/webhooks/{id}/deliveries', { params })
          : api.api.GET('/api/webhooks/{id}/deliveries', { params }),
      );
    },
    // What is on the first page changes; what is behind it does not.
    refetchInterval: cursor === undefined ? LIVE_MS : false,
    placeholderData: (before) => before,
  });
}

/** One delivery with its attempts, asked for again until it has ended. */
export function useDelivery(id: string, asOperator: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['delivery', id, asOperator],
    queryFn: (): Promise<DeliveryWithAttempts> => {
      const params = { path: { id } };
      return answerTo(
        asOperator ? api.api.GET('/api/admin/deliveries/{id}', { params }) : api.api.GET('/api/deliveries/{id}', { params }),
      );
    },
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? 1000 : LIVE_MS),
  });
}

/** What each attempt of a delivery of one's own sends. */
export function useEventOf(deliveryId: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['delivery', deliveryId, 'event'],
    queryFn: () => answerTo(api.api.GET('/api/deliveries/{id}/event', { params: { path: { id: deliveryId } } })),
    // An event never changes.
    staleTime: Infinity,
  });
}
