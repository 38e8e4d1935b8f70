import { z } from 'zod';
import type { WebhookStats } from '@tidings/database';

/** How a webhook has done lately, in JSON. */
export const webhookStatsJson = z
  .strictObject({
    webhook_id: z.string(),
    since: z.date().describe('What is counted was accepted from then on.'),
    delivered: z.int(),
    failed: z.int(),
    success_rate: z.number().nullable().describe('Of those that succeeded or failed, from 0 to 1; null: there were none.'),
    p50_ms: z.int().nullable().describe('Half of the attempts took no longer.'),
    p95_ms: z.int().nullable(),
    pending: z.int().describe('Deliveries that are under way; at most 10,000 are counted.'),
    series: z
      .array(z.strictObject({ at: z.date(), succeeded: z.int(), failed: z.int() }))
      .describe('The time since then in 24 equal parts, oldest first.'),
  })
  .meta({ id: 'WebhookStats' });

/** The statistics of a webhook as the API shows them. */
export function statsToJson(stats: WebhookStats): z.output<typeof webhookStatsJson> {
  const { webhookId, since, delivered, failed, p50Ms, p95Ms, pending, series } = stats;
  const ended = delivered + failed;
  return {
    webhook_id: webhookId,
    since,
    delivered,
    failed,
    success_rate: ended === 0 ? null : delivered / ended,
    p50_ms: p50Ms,
    p95_ms: p95Ms,
    pending,
    series,
  };
}
