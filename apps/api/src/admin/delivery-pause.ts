import { z } from 'zod';
import { setDeliveryPause, readDeliveryPause, type DeliveryPause, type Queryable } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { ADMIN } from './scope.js';

/** Whether anything is delivered, in JSON. */
export const deliveryPauseJson = z
  .strictObject({
    paused: z.boolean(),
    paused_at: z.date().nullable(),
    paused_by: z.string().nullable().describe('The user id of whoever paused it.'),
  })
  .meta({ id: 'DeliveryPause' });

/** The same from the database's row. */
export function deliveryPauseToJson({ pausedAt, pausedBy }: DeliveryPause): z.output<typeof deliveryPauseJson> {
  return { paused: pausedAt !== null, paused_at: pausedAt, paused_by: pausedBy };
}

/** All deliveries, paused and resumed. */
export function deliveryPauseRoutes({ sql }: { sql: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/pause',
        summary: 'Whether anything is delivered',
        access: ADMIN,
        answers: { 200: { description: 'How it stands.', schema: deliveryPauseJson } },
      },
      async (_call, response) => {
        response.json(deliveryPauseToJson(await readDeliveryPause(sql)));
      },
    ),

    route(
      {
        method: 'patch',
        path: '/api/admin/pause',
        summary: 'Pauses all deliveries, or resumes them',
        description:
          'Once it is answered, no request begins; those under way end. Events are accepted and streamed as always, and what waits is delivered after the resume, in its order.',
        access: ADMIN,
        body: { schema: z.strictObject({ paused: z.boolean() }), example: { paused: false } },
        answers: { 200: { description: 'How it stands now.', schema: deliveryPauseJson } },
      },
      async ({ caller, body }, response) => {
        response.json(deliveryPauseToJson(await setDeliveryPause(sql, body.paused, caller.owner)));
      },
    ),
  ];
}
