import type { Queryable } from '../database.js';

/** A delivery that has a slot of its webhook and is to be enqueued. */
export interface AdmittedDelivery {
  id: string;
  /** 0 first attempts, 1 retries, 2 replays. */
  priority: number;
}

/**
 * Gives the free slots of these webhooks to their parked deliveries: first attempts, then retries, then replays, each in the
 * order of the log. Returns the deliveries to be enqueued.
 *
 * @param wakeAfterMs time until the reconciler checks whether they were enqueued, in milliseconds
 */
export async function releaseDeliveries(
  sql: Queryable,
  webhookIds: readonly string[],
  wakeAfterMs: number,
): Promise<AdmittedDelivery[]> {
  const { rows } = await sql.query<AdmittedDelivery>({
    name: 'release_deliveries',
    text: `
      WITH webhook AS MATERIALIZED (
        SELECT wanted.id, free_slots(webhooks) AS free FROM unnest($1::text[]) AS wanted (id) LEFT JOIN webhooks USING (id)
      ), first_parked AS MATERIALIZED (
        SELECT first_parked.id FROM webhook CROSS JOIN LATERAL (
          SELECT deliveries.id FROM deliveries WHERE webhook_id = webhook.id AND stage = 'parked'
          ORDER BY priority, event_position LIMIT webhook.free FOR UPDATE SKIP LOCKED
        ) AS first_parked
      )
      UPDATE deliveries SET stage = 'admitted', wake_at = now() + make_interval(secs => $2::float8 / 1000)
      FROM first_parked WHERE deliveries.id = first_parked.id
      RETURNING deliveries.id, priority`,
    values: [webhookIds, wakeAfterMs],
  });
  return rows;
}

/** Returns the ids of the webhooks that have parked deliveries. One index look-up for each webhook, however many deliveries are parked. */
export async function readBacklogged(sql: Queryable): Promise<string[]> {
  const { rows } = await sql.query<{ webhook_id: string }>({
    name: 'read_backlogged',
    text: `
      WITH RECURSIVE backlogged AS (
        (SELECT webhook_id FROM deliveries WHERE stage = 'parked' ORDER BY webhook_id LIMIT 1)
        UNION ALL
        SELECT (
          SELECT deliveries.webhook_id FROM deliveries
          WHERE stage = 'parked' AND deliveries.webhook_id > backlogged.webhook_id ORDER BY webhook_id LIMIT 1
        ) FROM backlogged WHERE webhook_id IS NOT NULL
      )
      SELECT webhook_id FROM backlogged WHERE webhook_id IS NOT NULL`,
  });
  return rows.map(({ webhook_id: id }) => id);
}
