import type { Queryable } from '../database.js';

/** A delivery that has a slot of its webhook and is to be enqueued. */
export interface AdmittedDelivery {
  id: string;
  /** 0 first attempts, 1 retries, 2 replays. */
  priority: number;
}

/** How many deliveries an admission takes, and from which webhooks. */
export interface AdmitOptions {
  /** Begins behind the webhook with this id; '' begins with the first. */
  after: string;
  /** Ends when as many deliveries are admitted. */
  deliveries: number;
  /** At most as many of one webhook. */
  perWebhook: number;
  /** Time until the reconciler checks whether they were enqueued, in milliseconds. */
  wakeAfterMs: number;
}

/** The result of an admission. */
export interface Admitted {
  /** The deliveries that are to be enqueued. */
  admitted: AdmittedDelivery[];
  /** The last webhook whose turn it was: the next admission begins behind it. Null when no webhook with a line is behind it. */
  cursor: string | null;
}

/** Number of webhooks that one call looks at. */
const WEBHOOKS = 200;

/**
 * Gives free slots to parked deliveries, webhook by webhook in the order of their ids: calls that go on behind the returned
 * cursor, and begin again when it is null, give each webhook that has a line its turn. One index look-up for each webhook,
 * however many deliveries are parked.
 *
 * The deliveries of a webhook that was deleted, or has been disabled, are not admitted: the webhook is noted in `cancellations`.
 */
export async function admitNext(sql: Queryable, { after, deliveries, perWebhook, wakeAfterMs }: AdmitOptions): Promise<Admitted> {
  const { rows } = await sql.query<{ admitted: AdmittedDelivery[]; cursor: string | null }>({
    name: 'admit_next',
    text: `
      WITH RECURSIVE waiting AS (
        SELECT first_line.*, 1 AS number FROM next_line($1) AS first_line
          WHERE NOT EXISTS (SELECT FROM delivery_pause WHERE "only" AND paused_at IS NOT NULL)
        UNION ALL
        SELECT further.*, number + 1 FROM waiting CROSS JOIN LATERAL next_line(waiting.webhook_id) AS further
        WHERE number < ${String(WEBHOOKS)}
      ), turn AS MATERIALIZED (
        SELECT webhook_id, waiting.generation, webhooks AS webhook, CASE WHEN (webhooks).enabled THEN least(free_slots(webhooks), $3::int) ELSE 0 END AS free
        FROM waiting LEFT JOIN webhooks ON webhooks.id = webhook_id
      ), taken AS MATERIALIZED (
        SELECT * FROM (SELECT *, coalesce(sum(free) OVER (ORDER BY webhook_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before FROM turn) AS turns
        WHERE before < $2::int
      ), superseded AS (
        INSERT INTO cancellations (webhook_id, requested_at)
        SELECT webhook_id, clock_timestamp() FROM taken
        WHERE (webhook).id IS NULL OR NOT (webhook).enabled OR generation < (webhook).generation
        ON CONFLICT (webhook_id) DO NOTHING
      ), chosen AS MATERIALIZED (
        SELECT next_in_line.delivery_id FROM taken CROSS JOIN LATERAL next_in_line(webhook, free::int) WHERE free > 0
      ), admitted AS (
        UPDATE pending_deliveries SET stage = 'admitted', wake_at = now() + make_interval(secs => $4::float8 / 1000)
        FROM chosen WHERE pending_deliveries.delivery_id = chosen.delivery_id
        RETURNING pending_deliveries.delivery_id, priority
      )
      SELECT (SELECT coalesce(json_agg(json_build_object('id', delivery_id, 'priority', priority)), '[]') FROM admitted) AS admitted,
        CASE WHEN (SELECT count(*) FROM taken) < (SELECT count(*) FROM turn) OR (SELECT count(*) FROM turn) = ${String(WEBHOOKS)}
          THEN (SELECT max(webhook_id) FROM taken) END AS cursor`,
    values: [after, deliveries, perWebhook, wakeAfterMs],
  });
  return rows[0] as Admitted;
}

/**
 * Gives the free slots of these webhooks to their parked deliveries: what a webhook does itself when one of its slots became
 * free and nobody else waits. Returns the deliveries that are to be enqueued.
 *
 * @param wakeAfterMs time until the reconciler checks whether they were enqueued, in milliseconds
 */
export async function admitOf(sql: Queryable, webhookIds: readonly string[], wakeAfterMs: number): Promise<AdmittedDelivery[]> {
  const { rows } = await sql.query<AdmittedDelivery>({
    name: 'admit_of',
    text: `
      WITH chosen AS MATERIALIZED (
        SELECT next_in_line.delivery_id FROM unnest($1::text[]) AS wanted (id) JOIN webhooks USING (id)
        CROSS JOIN LATERAL next_in_line(webhooks, free_slots(webhooks))
      )
      UPDATE pending_deliveries SET stage = 'admitted', wake_at = now() + make_interval(secs => $2::float8 / 1000)
      FROM chosen WHERE pending_deliveries.delivery_id = chosen.delivery_id
      RETURNING pending_deliveries.delivery_id AS id, priority`,
    values: [webhookIds, wakeAfterMs],
  });
  return rows;
}
