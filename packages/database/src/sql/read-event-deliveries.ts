import type { Queryable } from '../database.js';
import { STATE, SUPERSEDED, type DeliveryState } from './read-deliveries.js';

/** Selects deliveries of one event. */
export interface EventDeliveriesFilter {
  eventId: string;
  limit: number;
  /** Id of the delivery that an earlier page ended with. */
  cursor?: string | undefined;
}

/** An event's deliveries have ids of the millisecond in which it was accepted. */
const OF_EVENT = `event_position = event.position AND deliveries.id >= delivery_id_floor(event.accepted_at)
  AND deliveries.id < delivery_id_floor(event.accepted_at + interval '1 ms')`;
const WITH_STATE = `
  LEFT JOIN pending_deliveries AS pending ON pending.delivery_id = delivery.id
  LEFT JOIN webhooks AS webhook ON webhook.id = delivery.webhook_id
  LEFT JOIN cancellations AS cancellation ON cancellation.webhook_id = delivery.webhook_id
  ${SUPERSEDED}`;

/**
 * Reads the deliveries of an event to the owner's webhooks, those to the newest webhook first. It looks each webhook up, because
 * an event may have deliveries to many others; deliveries to removed webhooks are left out.
 */
export async function readEventDeliveries(
  sql: Queryable,
  owner: string,
  filter: EventDeliveriesFilter,
): Promise<DeliveryState[]> {
  const { eventId, limit, cursor } = filter;
  const { rows } = await sql.query<DeliveryState>({
    name: 'read_event_deliveries',
    text: `
      WITH event AS MATERIALIZED (SELECT position, accepted_at FROM events WHERE id = $2 AND (owner IS NULL OR owner = $1))
      SELECT ${STATE} FROM (
        SELECT found.* FROM event CROSS JOIN (
          SELECT id FROM webhooks
          WHERE owner = $1 AND ($3::text IS NULL OR id < (SELECT webhook_id FROM deliveries WHERE id = $3)) ORDER BY id DESC
        ) AS own CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE webhook_id = own.id AND ${OF_EVENT}) AS found
        ORDER BY own.id DESC LIMIT $4
      ) AS delivery ${WITH_STATE} ORDER BY delivery.webhook_id DESC`,
    values: [owner, eventId, cursor, limit],
  });
  return rows;
}

/** Reads the deliveries of an event to all webhooks, in the reverse order of their ids. */
export async function readAllEventDeliveries(sql: Queryable, filter: EventDeliveriesFilter): Promise<DeliveryState[]> {
  const { eventId, limit, cursor } = filter;
  const { rows } = await sql.query<DeliveryState>({
    name: 'read_all_event_deliveries',
    text: `
      WITH event AS MATERIALIZED (SELECT position, accepted_at FROM events WHERE id = $1)
      SELECT ${STATE} FROM (
        SELECT found.* FROM event CROSS JOIN LATERAL (
          SELECT * FROM deliveries WHERE ${OF_EVENT} AND deliveries.id < coalesce($2, 'dlv_~') ORDER BY deliveries.id DESC LIMIT $3
        ) AS found
      ) AS delivery ${WITH_STATE} ORDER BY delivery.id DESC`,
    values: [eventId, cursor, limit],
  });
  return rows;
}
