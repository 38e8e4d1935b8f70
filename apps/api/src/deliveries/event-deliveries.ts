import { z } from 'zod';
import { readAllEventDeliveries, readEventDeliveries, type Queryable } from '@tidings/database';
import { LOGGED_EVENT_ID } from '@tidings/events';
import { readCursor } from '../http/cursor.js';
import { page, toPage } from '../http/pages.js';
import { deliveryToJson } from './view.js';

/** The query of a list of the deliveries of one event. */
export const ofEvent = z.strictObject({
  ...page,
  event_id: z
    .string('must be the id of an event')
    .regex(LOGGED_EVENT_ID, 'must be the id of an event')
    .meta({ description: 'The event whose deliveries are listed.' }),
});

/**
 * Reads a page of the deliveries of an event, as JSON. Throws a 400 `Problem` if the cursor is not of such a page.
 *
 * @param owner only deliveries to this owner's webhooks, as far as they were not removed; null: all
 */
export async function eventDeliveriesPage(
  sql: Queryable,
  owner: string | null,
  { event_id: eventId, limit, cursor }: z.output<typeof ofEvent>,
) {
  // An event may have the id of a webhook, whose list has another order; and so has the list of all owners.
  const list = `deliveries of event ${eventId}${owner === null ? ' for operators' : ''}`;
  const filter = { eventId, limit: limit + 1, cursor: readCursor(list, cursor) };
  const rows = await (owner === null ? readAllEventDeliveries(sql, filter) : readEventDeliveries(sql, owner, filter));
  return toPage(rows, { list, limit }, deliveryToJson);
}
