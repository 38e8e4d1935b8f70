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
        admitted: z.int().describe('In Redis, or under way.'),
        backoff: z.int().describe('Waiting for the time of their next attempt.'),
        parked: z.int().describe('Due, and waiting for a slot of their webhook.'),
        oldest_pending_at: z.date().nullable().describe('When the oldest of them was accepted.'),
      })
      .describe('Pending deliveries.'),
    webhooks: z
      .strictObject({
        total: z.int(),
        enabled: z.int(),
        disabled: z.int(),
        failing: z.int().describe('Enabled, and their last attempt failed.'),
        circuit_open: z.int(),
        paused: z.int(),
      })
      .describe('A webhook may be counted in several of these.'),
    minutes: z
      .array(
        z.strictObject({
          at: z.date(),
          succeeded: z.int().describe('Attempts.'),
          failed: z.int(),
          p50_ms: z.int().nullable().describe('An estimate, from counts by classes of durations.'),
          p95_ms: z.int().nullable(),
        }),
      )
      .describe(`The last ${String(MINUTES)} minutes, oldest first.`),
    errors: z
      .array(z.strictObject({ error_class: z.string(), count: z.int() }))
      .describe('Of those minutes, the most frequent first.'),
  })
  .meta({ id: 'Overview' });

/** How the whole system does. */
export function overviewRoutes({ sql }: { sql: Queryable }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/admin/overview',
        summary: 'How the whole system does: what waits, what was attempted, what fails',
        description: 'Attempts are counted by workers and told every five seconds; the last minute is not over yet.',
        access: ADMIN,
        answers: { 200: { description: 'The last hour.', schema: overviewJson } },
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
