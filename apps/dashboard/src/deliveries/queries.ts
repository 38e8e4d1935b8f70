import { useQuery } from '@tanstack/react-query';
import { unwrap, type Delivery, type DeliveryWithAttempts, type Page } from '../api/api.js';
import { useSession } from '../session/use-session.js';

/** The status of a delivery, in the API's words. */
export type DeliveryStatus = Delivery['status'];

/** The filter of the delivery log. Times have the format of `datetime-local` inputs, in the time zone of the browser. */
export interface DeliveryFilter {
  status: DeliveryStatus | null;
  eventType: string | null;
  since: string;
  until: string;
}

/** The filter that selects all deliveries. */
export const NO_FILTER: DeliveryFilter = { status: null, eventType: null, since: '', until: '' };

const PAGE_SIZE = 25;
/** The reader decides whether to look further. */
const MAX_EMPTY_PAGES = 10;
const REFETCH_MS = 3000;
/** The attempts of a pending delivery change often. */
const PENDING_REFETCH_MS = 1000;

/** Converts the filter to the query parameters of the API. */
function queryOf({ status, eventType, since, until }: DeliveryFilter) {
  return {
    ...(status === null ? {} : { status: [status] }),
    ...(eventType === null ? {} : { event_types: eventType }),
    ...(since === '' ? {} : { since: new Date(since).toISOString() }),
    ...(until === '' ? {} : { until: new Date(until).toISOString() }),
  };
}

/** One page of a webhook's deliveries. With `asOperator` the webhook may belong to any owner. */
export function useDeliveries(webhookId: string, filter: DeliveryFilter, cursor: string | undefined, asOperator: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['deliveries', webhookId, filter, cursor, asOperator],
    queryFn: async (): Promise<Page<Delivery>> => {
      const read = (after: string | undefined): Promise<Page<Delivery>> => {
        const query = { limit: PAGE_SIZE, ...queryOf(filter), ...(after === undefined ? {} : { cursor: after }) };
        const params = { path: { id: webhookId }, query };
        return unwrap(
          asOperator
            ? api.api.GET('/api/admin/webhooks/{id}/deliveries', { params })
            : api.api.GET('/api/webhooks/{id}/deliveries', { params }),
        );
      };
      let page = await read(cursor);
      // Where few of many deliveries match the filter, a page may be empty before the last one.
      for (let pages = 1; page.data.length === 0 && page.next_cursor !== null && pages < MAX_EMPTY_PAGES; pages += 1)
        page = await read(page.next_cursor);
      return page;
    },
    // Only the first page gets new deliveries.
    refetchInterval: cursor === undefined ? REFETCH_MS : false,
    placeholderData: (previous) => previous,
  });
}

/** One delivery with its newest attempts. */
export function useDelivery(id: string, asOperator: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['delivery', id, asOperator],
    queryFn: (): Promise<DeliveryWithAttempts> => {
      const params = { path: { id } };
      return unwrap(
        asOperator ? api.api.GET('/api/admin/deliveries/{id}', { params }) : api.api.GET('/api/deliveries/{id}', { params }),
      );
    },
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? PENDING_REFETCH_MS : REFETCH_MS),
  });
}

/** The attempts of a delivery before the one with the number `before`: as many as the API returns at once, the newest of them. */
export function useEarlierAttempts(id: string, before: number, asOperator: boolean) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['delivery', id, asOperator, 'before', before],
    queryFn: async () => {
      const params = { path: { id }, query: { before } };
      const { attempts } = await unwrap(
        asOperator ? api.api.GET('/api/admin/deliveries/{id}', { params }) : api.api.GET('/api/deliveries/{id}', { params }),
      );
      return attempts;
    },
    // Attempts never change.
    staleTime: Infinity,
  });
}

/** The event of a delivery of the signed-in user. */
export function useDeliveredEvent(deliveryId: string) {
  const { api } = useSession();
  return useQuery({
    queryKey: ['delivery', deliveryId, 'event'],
    queryFn: () => unwrap(api.api.GET('/api/deliveries/{id}/event', { params: { path: { id: deliveryId } } })),
    // An event never changes.
    staleTime: Infinity,
  });
}
