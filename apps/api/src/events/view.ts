import { z } from 'zod';
import type { EventDetails, LoggedEvent } from '@tidings/database';
import { escapeLineSeparators } from '@tidings/events';
import { deliveryJson } from '../deliveries/view.js';
import { pageOf } from '../http/pages.js';

/** An event of the event log in JSON. */
export const eventJson = z
  .strictObject({
    id: z.string(),
    type: z.string(),
    version: z.int().describe('The version of the type.'),
    timestamp: z.iso.datetime(),
    data: z.looseObject({}).describe('The payload. `/api/event-types` has the schema of each type.'),
  })
  .meta({ id: 'Event' });

/** How many deliveries of an event are shown with it. */
const DELIVERIES_WITH_EVENT = 50;
/** The query of the deliveries that are shown with an event. */
export const firstPage = (eventId: string) => ({ event_id: eventId, limit: DELIVERIES_WITH_EVENT, cursor: undefined });
const ofDeliveries = pageOf(deliveryJson).shape;

/** An event of the event log, with its deliveries, in JSON. */
export const eventDetailsJson = eventJson
  .extend({
    accepted_at: z.date(),
    deliveries: z
      .strictObject({
        written: z.int().describe("The number of its deliveries to the caller's webhooks that are written."),
        complete: z
          .boolean()
          .describe(
            'Whether the deliveries to all webhooks are written. Those of an event that many webhooks match follow its acceptance.',
          ),
        ...ofDeliveries,
      })
      .meta({ id: 'WrittenDeliveries' }),
  })
  .meta({ id: 'EventDetails' });

const publishedBy = z
  .string()
  .nullable()
  .describe(
    'The id that the token of the publisher named; null: the event came from the queue, an outbox or Tidings itself, or is from before publishers were recorded.',
  );

/** The same for operators: of any owner, with its place in the log. */
export const operatorEventJson = eventDetailsJson
  .extend({
    owner: z.string().nullable().describe('The owner who may see the event; null: everyone.'),
    position: z.int().describe("The event's place in the order of the log."),
    published_by: publishedBy,
    deliveries: z
      .strictObject({
        written: z.int().describe('The number of its deliveries that are written; at most 10,000 are counted.'),
        complete: z.boolean().describe('Whether the deliveries to all webhooks are written.'),
        ...ofDeliveries,
      })
      .meta({ id: 'WrittenDeliveriesOfAnyOwner' }),
  })
  .meta({ id: 'OperatorEvent' });

/** Returns the JSON text of an event. `data` is JSON text already: numbers keep the digits with which they were accepted. */
export function eventToJson({ id, type, version, timestamp, data }: LoggedEvent): string {
  return `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"version":${String(version)},"timestamp":"${timestamp}","data":${escapeLineSeparators(data)}}`;
}

/** An event of the event log as operators see it in a list, in JSON. */
export const listedOperatorEventJson = eventJson
  .extend({
    owner: z.string().nullable().describe('The owner who may see the event; null: everyone.'),
    position: z.int().describe("The event's place in the order of the log."),
    published_by: publishedBy,
  })
  .meta({ id: 'ListedOperatorEvent' });

/** Returns the fields of an event that only operators see. */
export const operatorFields = ({ owner, position, publishedBy = null }: LoggedEvent) => ({
  owner,
  position,
  published_by: publishedBy,
});

/** Returns the JSON text of an event as operators see it in a list. */
export function operatorEventToJson(event: LoggedEvent): string {
  return `${eventToJson(event).slice(0, -1)},${JSON.stringify(operatorFields(event)).slice(1)}`;
}

/** Returns the JSON text of an event's details, with the first page of its deliveries, and fields that only operators see. */
export function eventDetailsToJson(event: EventDetails, deliveries: object, more: object = {}): string {
  const { acceptedAt, written, isComplete } = event;
  const details = JSON.stringify({
    accepted_at: acceptedAt,
    ...more,
    deliveries: { written, complete: isComplete, ...deliveries },
  });
  return `${eventToJson(event).slice(0, -1)},${details.slice(1)}`;
}

const accepted = z
  .strictObject({ id: z.string(), status: z.enum(['accepted', 'repeated']) })
  .meta({ id: 'Accepted', description: '`repeated`: the event was already in the event log.' });

const acceptedBatch = z.strictObject({ data: z.array(accepted) }).meta({ id: 'AcceptedBatch' });

/** The response body of `POST /api/events`: one result for one event, or the results of a batch in the order of the request. */
export const publishedJson = z.union([accepted, acceptedBatch]).meta({ id: 'Published' });

/** The most events in one request. */
export const MAX_EVENTS = 1000;

/**
 * The body of `POST /api/events`. The schema accepts any body: the event types validate it later and name every wrong field of every
 * event.
 */
export const publishBody = { schema: z.custom<unknown>((body) => body !== undefined), publishes: { maxEvents: MAX_EVENTS } };
