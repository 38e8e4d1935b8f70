import { z } from 'zod';
import type { WebhookHours } from '@tidings/database';

const HOUR_MS = 3_600_000;

/** The hours before the present one that each window has. */
const HOURS = { '1h': 1, '24h': 24, '7d': 7 * 24, '30d': 30 * 24 } as const;

/** A window of the hourly statistics. */
export type StatsWindow = keyof typeof HOURS;

/** The query of `GET /api/webhooks/{id}/stats`. */
export const hourlyStatsQuery = z.strictObject({
  window: z.enum(['1h', '24h', '7d', '30d'], 'must be 1h, 24h, 7d or 30d').default('24h'),
});

/** Returns the number of hours before the present one that a window has. */
export const hoursOf = (window: StatsWindow): number => HOURS[window];

const totals = {
  attempts: z.int(),
  succeeded: z.int().describe('Attempts that the receiver answered with a 2xx.'),
  failed: z.int(),
};

/** The attempts of a webhook by hour in JSON. */
export const hourlyStatsJson = z
  .strictObject({
    webhook_id: z.string(),
    window: z.enum(['1h', '24h', '7d', '30d']),
    since: z.date().describe('The start of the hour in which the window begins: whole hours are counted.'),
    until: z.date().describe('The time of the count.'),
    ...totals,
    complete: z
      .boolean()
      .describe(
        'Whether all attempts are counted. False while the hours that are not over for at least five minutes have more than 20,000: the newest are missing.',
      ),
    pending: z.int().describe('Deliveries that have not ended, of any age; at most 10,000 are counted. Disabling cancels them.'),
    hours: z
      .array(
        z
          .strictObject({
            at: z.date().describe('The start of the hour in which the attempts started.'),
            ...totals,
            counts: z.array(
              z
                .strictObject({
                  event_type: z.string(),
                  status_class: z.string().describe('`2xx` to `5xx`, or `none`: no response.'),
                  attempts: z.int(),
                })
                .meta({ id: 'WebhookHourCount' }),
            ),
          })
          .meta({ id: 'WebhookHour' }),
      )
      .describe('Every hour, oldest first. The last one is the present hour.'),
  })
  .meta({ id: 'WebhookHourlyStats' });

/** Converts the attempts of a webhook to JSON, with an entry for every hour. */
export function hourlyStatsToJson(
  webhookId: string,
  window: StatsWindow,
  { since, until, pending, counts, isComplete }: WebhookHours,
): z.output<typeof hourlyStatsJson> {
  const number = Math.floor((until.getTime() - since.getTime()) / HOUR_MS) + 1;
  const byHour = new Map<number, WebhookHours['counts']>();
  for (const count of counts) {
    const ofHour = byHour.get(count.at.getTime());
    if (ofHour) ofHour.push(count);
    else byHour.set(count.at.getTime(), [count]);
  }
  const hours = Array.from({ length: number }, (_, index) => {
    const at = new Date(since.getTime() + index * HOUR_MS);
    const ofHour = byHour.get(at.getTime()) ?? [];
    return {
      at,
      ...sum(ofHour),
      counts: ofHour.map(({ eventType, statusClass, attempts }) => ({
        event_type: eventType,
        status_class: statusClass,
        attempts,
      })),
    };
  });
  return { webhook_id: webhookId, window, since, until, ...sum(counts), complete: isComplete, pending, hours };
}

function sum(counts: WebhookHours['counts']) {
  const attempts = counts.reduce((total, count) => total + count.attempts, 0);
  const ofSuccess = counts.filter(({ statusClass }) => statusClass === '2xx');
  const succeeded = ofSuccess.reduce((total, count) => total + count.attempts, 0);
  return { attempts, succeeded, failed: attempts - succeeded };
}
