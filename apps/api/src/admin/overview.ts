import { z } from 'zod';
import { readDeliveryPause, readMinutes, readOverview, type Queryable } from '@tidings/database';
import { route, type Route } from '../openapi/route.js';
import { deliveryPauseJson, deliveryPauseToJson } from './delivery-pause.js';
import { toErrors, toMinutes } from './minutes.js';
import { ADMIN } from './scope.js';

const MINUTES = 60;

const overviewJson = z
  .strictObject({
    pause: deliveryPauseJson,
    queue: z
      .strictObject({
        admitted: z.int().describe('In the Redis queue or in flight.'),
        backoff: z.int().describe('Waiting for the time of the next attempt.'),
        parked: z.int().describe('Due, and waiting for a free slot of the webhook.'),
        oldest_pending_at: z.date().nullable().describe('When the oldest pending delivery was created.'),
      })
      .meta({ id: 'PendingCounts' })
      .describe('Pending deliveries; at most 100,000 of each stage are counted.'),
    webhooks: z
      .strictObject({
        total: z.int(),
        enabled: z.int(),
        disabled: z.int(),
        failing: z.int().describe('Enabled webhooks whose last attempt failed.'),
        circuit_open: z.int(),
        paused: z.int(),
        unverified: z.int().describe('Webhooks that wait until their URL is verified.'),
      })
      .meta({ id: 'WebhookCounts' })
      .describe('Webhooks by state. A webhook may count in several states.'),
    minutes: z
      .array(
        z
          .strictObject({
            at: z.date(),
            succeeded: z.int().describe('Number of attempts that succeeded.'),
            failed: z.int().describe('Number of attempts that failed.'),
            p50_ms: z.int().nullable().describe('Median duration, estimated from a histogram.'),
            p95_ms: z.int().nullable(),
          })
          .meta({ id: 'MinuteOfAttempts' }),
      )
      .describe(`Attempts in the last ${String(MINUTES)} minutes, oldest minute first.`),
    errors: z
      .array(z.strictObject({ error_class: z.string(), count: z.int() }).meta({ id: 'ErrorCount' }))
      .describe('Failed attempts of those minutes by error class, most frequent first.'),
  })
  .meta({ id: 'Overview' });

/** The route of the overview: the state of the whole installation. */
export function overviewRoutes({ sql }: { sql: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/overview',
        operationId: 'getOverview',
        summary: 'The state of the installation: pending deliveries, webhooks, attempts and errors',
        description: 'Workers report their counts of attempts every five seconds. The last minute is not complete yet.',
        access: ADMIN,
        responses: { 200: { description: 'The current state, and the attempts of the last hour.', schema: overviewJson } },
      },
      async (_call, response) => {
        const [pause, overview, minutes] = await Promise.all([
          readDeliveryPause(sql),
          readOverview(sql),
          readMinutes(sql, MINUTES),
        ]);
        const { admitted, backoff, parked, oldestPendingAt, webhooks: total, circuitOpen, ...states } = overview;
        response.json({
          pause: deliveryPauseToJson(pause),
          queue: { admitted, backoff, parked, oldest_pending_at: oldestPendingAt },
          webhooks: { total, ...states, circuit_open: circuitOpen },
          minutes: toMinutes(minutes, MINUTES, new Date()),
          errors: toErrors(minutes),
        } satisfies z.output<typeof overviewJson>);
      },
    ),
  ];
}
