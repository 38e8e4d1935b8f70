import type { z } from 'zod';
import { readCursor } from '../http/cursor.js';
import { toPage } from '../http/pages.js';
import type { DeliveryLog } from './delivery-log.js';
import type { selectionSchemas } from './selection.js';
import { deliveryToJson } from './view.js';

type ListQuery = z.output<ReturnType<typeof selectionSchemas>['list']>;

/** Reads the page of a webhook's deliveries that the query selects, as JSON. The caller must have checked the webhook's owner. */
export async function listPage(deliveries: Pick<DeliveryLog, 'list'>, webhookId: string, query: ListQuery) {
  const { limit, cursor, status: statuses, event_types: eventTypes, ...filter } = query;
  const list = `deliveries of ${webhookId}`;
  const before = readCursor(list, cursor);
  const selected = { ...filter, webhookId, statuses, eventTypes, cursor: before, limit: limit + 1 };
  const { deliveries: rows, lookedAt } = await deliveries.list(selected);
  return toPage(rows, { list, limit, lookedAt }, deliveryToJson);
}
