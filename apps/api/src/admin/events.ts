import { findPosition, readAnyEvent, type Queryable } from '@tidings/database';
import type { KnownTypes } from '../events/types-parameter.js';
import { eventDeliveriesPage, ofEvent } from '../deliveries/event-deliveries.js';
import { deliveryJson } from '../deliveries/view.js';
import { eventsPage, eventsQuery } from '../events/events-page.js';
import {
  eventDetailsToJson,
  firstPage,
  listedOperatorEventJson,
  operatorEventJson,
  operatorEventToJson,
  operatorFields,
} from '../events/view.js';
import { pageOf } from '../http/pages.js';
import { route, type Route } from '../openapi/route.js';
import { notFound } from '../problems/problem.js';
import { ADMIN } from './scope.js';

/** The routes with which operators read the log, and one event of any owner with its deliveries. */
export function adminEventRoutes({ sql, eventTypes }: { sql: Queryable; eventTypes: KnownTypes }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/events',
        operationId: 'listEventsOfAllOwners',
        namesEventTypes: true,
        summary: 'The events of all owners, oldest first or newest first',
        description:
          'Oldest first, `next_cursor` stays the same while there are no new events. Newest first, it is null on the last page. A page of rare types may be short or empty before that, and a page ends at 1 MB of data.',
        access: ADMIN,
        query: eventsQuery(eventTypes),
        responses: { 200: { description: 'The events behind the cursor.', schema: pageOf(listedOperatorEventJson) } },
      },
      async ({ query }, response) => {
        response.type('json').send(await eventsPage(sql, null, query, operatorEventToJson));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/admin/deliveries',
        operationId: 'listDeliveriesOfAnyEvent',
        summary: 'The deliveries of an event to the webhooks of all owners',
        access: ADMIN,
        query: ofEvent,
        responses: {
          200: { description: 'A page of deliveries.', schema: pageOf(deliveryJson) },
          404: { description: 'There is no such event.' },
        },
      },
      async ({ query }, response) => {
        if ((await findPosition(sql, null, query.event_id)) === null) throw notFound('event', query.event_id);
        response.json(await eventDeliveriesPage(sql, null, query));
      },
    ),

    route(
      {
        method: 'get',
        path: '/api/admin/events/{id}',
        operationId: 'getEventOfAnyOwner',
        summary: 'One event of any owner, with its deliveries',
        access: ADMIN,
        params: { id: 'event' },
        responses: { 200: { description: 'The event.', schema: operatorEventJson } },
      },
      async ({ params: { id } }, response) => {
        const event = await readAnyEvent(sql, id);
        if (!event) throw notFound('event', id);
        const deliveries = await eventDeliveriesPage(sql, null, firstPage(id));
        response.type('json').send(eventDetailsToJson(event, deliveries, operatorFields(event)));
      },
    ),
  ];
}
