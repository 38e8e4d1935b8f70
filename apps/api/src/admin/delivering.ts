import { z } from 'zod';
import { pauseDelivering, readDelivering, type Delivering, type Queryable } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { ADMIN } from './scope.js';

/** Whether anything is delivered, in JSON. */
export const deliveringJson = z
  .strictObject({
    paused: z.boolean(),
    paused_at: z.date().nullable(),
    paused_by: z.string().nullable().describe('The user id of whoever paused it.'),
  })
  .meta({ id: 'Delivering' });

/** The same from the database's row. */
export function deliveringToJson({ pausedAt, pausedBy }: Delivering): z.output<typeof deliveringJson> {
  return { paused: pausedAt !== null, paused_at: pausedAt, paused_by: pausedBy };
}

/** All deliveries, paused and resumed. */
export function deliveringRoutes({ sql }: { sql: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/delivering',
        summary: 'Whether anything is delivered',
        access: ADMIN,
        answers: { 200: { description: 'How it stands.', schema: deliveringJson } },
      },
      async (_call, response) => {
        response.json(deliveringToJson(await readDelivering(sql)));
      },
    ),

    route(
      {
        method: 'patch',
        path: '/api/admin/delivering',
        summary: 'Pauses all deliveries, or resumes them',
        description:
          'Once it is answered, no request begins; those under way end. Events are accepted and streamed as always, and what waits is delivered after the resume, in its order.',
        access: ADMIN,
        body: { schema: z.strictObject({ paused: z.boolean() }), example: { paused: false } },
        answers: { 200: { description: 'How it stands now.', schema: deliveringJson } },
      },
      async ({ caller, body }, response) => {
        response.json(deliveringToJson(await pauseDelivering(sql, body.paused, caller.userId)));
      },
    ),
  ];
}
