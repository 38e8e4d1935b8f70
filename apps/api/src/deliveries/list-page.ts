import type { z } from 'zod';
import { toPage } from '../http/pages.js';
import type { DeliveryLog } from './delivery-log.js';
import type { selectionSchemas } from './selection.js';
import { deliveryToJson } from './view.js';

type ListQuery = z.output<ReturnType<typeof selectionSchemas>['list']>;

/** A page of a webhook's deliveries, as the query wants it. Whose webhook it is has to be known already. */
export async function listPage(deliveries: Pick<DeliveryLog, 'list'>, webhookId: string, query: ListQuery) {
  const { limit, status: statuses, event_types: eventTypes, ...filter } = query;
  const rows = await deliveries.list({ ...filter, webhookId, statuses, eventTypes, limit: limit + 1 });
  return toPage(rows, limit, deliveryToJson);
}
