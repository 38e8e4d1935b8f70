import { z } from 'zod';
import type { WebhookStats } from '@tidings/database';

/** The recent statistics of a webhook in JSON. */
export const webhookStatsJson = z
  .strictObject({
    webhook_id: z.string(),
    since: z.date().describe('The start of the covered time: deliveries of events that were accepted since then are counted.'),
    delivered: z.int(),
    failed: z.int(),
    success_rate: z
      .number()
      .nullable()
      .describe('The share of succeeded among succeeded and failed deliveries, from 0 to 1; null: there were none.'),
    p50_ms: z.int().nullable().describe('The median duration of the attempts.'),
    p95_ms: z.int().nullable().describe('The 95th percentile of the durations.'),
    pending: z.int().describe('Deliveries that have not ended; at most 10,000 are counted.'),
    series: z
      .array(z.strictObject({ at: z.date(), succeeded: z.int(), failed: z.int() }).meta({ id: 'WebhookStatsPart' }))
      .describe('The covered time in 24 equal parts, oldest first.'),
  })
  .meta({ id: 'WebhookStats' });

/** Converts the statistics of a webhook to JSON. */
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
