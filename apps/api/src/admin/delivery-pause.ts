import { z } from 'zod';
import { setDeliveryPause, readDeliveryPause, type DeliveryPause, type Queryable } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { ADMIN } from './scope.js';

const change = z.strictObject({ paused: z.boolean() }).meta({ id: 'DeliveryPauseChange' });

/** The pause of all deliveries in JSON. */
export const deliveryPauseJson = z
  .strictObject({
    paused: z.boolean(),
    paused_at: z.date().nullable(),
    paused_by: z.string().nullable().describe('The id of the operator who paused the deliveries.'),
  })
  .meta({ id: 'DeliveryPause' });

/** Converts the row of the database to JSON. */
export function deliveryPauseToJson({ pausedAt, pausedBy }: DeliveryPause): z.output<typeof deliveryPauseJson> {
  return { paused: pausedAt !== null, paused_at: pausedAt, paused_by: pausedBy };
}

/** The routes that read the pause of all deliveries, and pause or resume them. */
export function deliveryPauseRoutes({ sql, reading }: { sql: Queryable; reading: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/pause',
        operationId: 'getDeliveryPause',
        summary: 'Whether all deliveries are paused',
        access: ADMIN,
        responses: { 200: { description: 'The current state.', schema: deliveryPauseJson } },
      },
      async (_call, response) => {
        response.json(deliveryPauseToJson(await readDeliveryPause(reading)));
      },
    ),

    route(
      {
        method: 'patch',
        path: '/api/admin/pause',
        operationId: 'changeDeliveryPause',
        summary: 'Pauses or resumes all deliveries',
        description:
          'After the response to a pause, no delivery is taken for its attempt; those taken before count as in flight and finish. Events are accepted and streamed as usual, and pending deliveries are sent in their order after the resume.',
        access: ADMIN,
        body: { schema: change, example: { paused: false } },
        responses: { 200: { description: 'The new state.', schema: deliveryPauseJson } },
      },
      async ({ caller, body }, response) => {
        response.json(deliveryPauseToJson(await setDeliveryPause(sql, body.paused, caller.owner)));
      },
    ),
  ];
}
