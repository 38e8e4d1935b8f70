import type { Queryable } from '../database.js';
import { countPending } from './count-pending.js';
import { deliveriesOf } from './deliveries-of.js';

/** The recent deliveries of a webhook, counted. */
export interface WebhookStats {
  webhookId: string;
  /** Start of the counted time: deliveries of events that were accepted since then. */
  since: Date;
  /** Number of deliveries that succeeded, and that failed. */
  delivered: number;
  failed: number;
  /** Median and 95th percentile of the attempts' durations, in milliseconds; null: there were no attempts. */
  p50Ms: number | null;
  p95Ms: number | null;
  /** Pending deliveries of any age; at most 10,000 are counted. */
  pending: number;
  /** Counts for equal parts of the time since `since`, oldest first. */
  series: { at: Date; succeeded: number; failed: number }[];
}

/** Maximum number of a webhook's newest deliveries that are read: it bounds the cost, however busy the webhook is. */
const SAMPLE = 1000;
const PARTS = 24;

interface Part {
  at: string;
  succeeded: number;
  failed: number;
}
type Row = Omit<WebhookStats, 'delivered' | 'failed' | 'pending' | 'series'> &
  Record<'delivered' | 'failed' | 'pending', string> & { series: Part[] };

/** Counts each webhook's deliveries of the last 24 hours, or its newest 1,000 deliveries if it has more. Results have the order of the ids. */
export async function readWebhookStats(sql: Queryable, webhookIds: readonly string[]): Promise<WebhookStats[]> {
  const { rows } = await sql.query<Row>({
    name: 'read_webhook_stats',
    text: `
      SELECT wanted.id AS "webhookId", span.since, counted.*, timed.*, (
        SELECT ${countPending('webhooks')} FROM webhooks WHERE webhooks.id = wanted.id
      ) AS pending, shown.series
      FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, place)
      CROSS JOIN LATERAL (
        SELECT array_agg(id) AS ids, array_agg(status) AS statuses, array_agg(created_at) AS times, count(*) AS count FROM (
          SELECT id, status, created_at FROM deliveries
          WHERE ${deliveriesOf('wanted.id', "delivery_id_floor(now() - interval '24 hours')", "'dlv_~'")}
          ORDER BY webhook_id DESC, id DESC LIMIT ${String(SAMPLE)}
        ) AS newest
      ) AS sample
      CROSS JOIN LATERAL (
        SELECT CASE WHEN count < ${String(SAMPLE)} THEN now() - interval '24 hours' ELSE (SELECT min(at) FROM unnest(times) AS at) END AS since
      ) AS span
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'succeeded') AS delivered, count(*) FILTER (WHERE status = 'failed') AS failed
        FROM unnest(statuses) AS status
      ) AS counted
      CROSS JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS "p50Ms", percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS "p95Ms"
        FROM unnest(ids) AS newest (id) JOIN attempts ON delivery_id = newest.id
      ) AS timed
      CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object('at', since + part * (now() - since) / ${String(PARTS)}, 'succeeded', coalesce(succeeded, 0), 'failed', coalesce(failed, 0)) ORDER BY part) AS series
        FROM generate_series(0, ${String(PARTS - 1)}) AS part LEFT JOIN (
          SELECT least(floor(extract(epoch FROM created_at - since) / extract(epoch FROM now() - since) * ${String(PARTS)}), ${String(PARTS - 1)})::int AS part,
            count(*) FILTER (WHERE status = 'succeeded') AS succeeded, count(*) FILTER (WHERE status = 'failed') AS failed
          FROM unnest(statuses, times) AS newest (status, created_at) GROUP BY 1
        ) AS parts USING (part)
      ) AS shown
      ORDER BY place`,
    values: [webhookIds],
  });
  return rows.map(({ delivered, failed, pending, series, ...row }) => ({
    ...row,
    delivered: Number(delivered),
    failed: Number(failed),
    pending: Number(pending),
    series: series.map((part) => ({ ...part, at: new Date(part.at) })),
  }));
}
