import { readAnyEvent, type Queryable } from '@tidings/database';
import { eventDetailsToJson, operatorEventJson } from '../events/view.js';
import { route, type Route } from '../openapi/route.js';
import { notFound } from '../problems/problem.js';
import { ADMIN } from './scope.js';

/** The route with which operators read one event of any owner, and how many of its deliveries are written. */
export function adminEventRoutes({ sql }: { sql: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/events/{id}',
        summary: 'One event of any owner, and how many of its deliveries are written',
        access: ADMIN,
        params: { id: 'event' },
        responses: { 200: { description: 'The event.', schema: operatorEventJson } },
      },
      async ({ params: { id } }, response) => {
        const event = await readAnyEvent(sql, id);
        if (!event) throw notFound('event', id);
        const { owner, position } = event;
        response.type('json').send(eventDetailsToJson(event, { owner, position }));
      },
    ),
  ];
}
