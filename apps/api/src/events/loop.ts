import type { Request } from 'express';
import { findPosition, readEvents, type Queryable } from '@tidings/database';
import { isSameJson, LOGGED_EVENT_ID, writeJson } from '@tidings/events';
import { Problem } from '../problems/problem.js';

/** The headers that every delivery of Tidings has. */
const DELIVERY_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

/**
 * Throws a 508 `Problem` if the request is a delivery of an event of this log: a webhook posts to the publish route, or its
 * receiver forwards the requests, and each delivery would be a new event, without end.
 *
 * Only a request that was forwarded as it is counts: with the headers of a delivery, and the type, time and payload of the event
 * that they name. A receiver that publishes another event is no loop, even if it forwards all headers; nor are the deliveries
 * of another installation, whose events are not in this log.
 *
 * @param body the body of the request: anything
 */
export async function refuseOwnDeliveries(sql: Queryable, request: Pick<Request, 'get'>, body: unknown): Promise<void> {
  const [id = ''] = DELIVERY_HEADERS.map((name) => request.get(name));
  if (!DELIVERY_HEADERS.every((name) => request.get(name) !== undefined) || !LOGGED_EVENT_ID.test(id)) return;
  if (typeof body !== 'object' || body === null) return;
  const { type, timestamp, data, ...more } = body as Record<string, unknown>;
  // With an id of its own it is the same event each time it is published.
  if (typeof type !== 'string' || typeof timestamp !== 'string' || Object.keys(more).length > 0) return;
  const position = await findPosition(sql, null, id);
  const [event] = position === null ? [] : (await readEvents(sql, { after: position - 1, limit: 1 })).events;
  if (event?.id !== id || event.type !== type || Date.parse(event.timestamp) !== Date.parse(timestamp)) return;
  if (!isSameJson(event.data, writeJson(data ?? null))) return;
  throw new Problem(508, 'The event would be published without end', {
    detail: `This request is a delivery of the event "${id}": a webhook, or its receiver, sends what it gets to the route that publishes events. Nothing was accepted. Remove the webhook, or publish only events of your own.`,
  });
}
