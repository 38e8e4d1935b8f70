import type { Queryable } from '../database.js';
import { writeDeliveries } from './write-deliveries.js';

/** The result of expanding a part of an event. */
export interface Expanded {
  /** The position of the event. */
  position: number;
  eventType: string;
  /** Number of new deliveries, and how many of them are skipped. */
  written: { deliveries: number; skipped: number };
  /** Whether all deliveries of the event are written now. */
  done: boolean;
}

/** Number of webhooks that one commit looks at: some 50 ms of PostgreSQL's time. */
const CHUNK = 2000;

/**
 * Writes the deliveries of one event for up to 2,000 webhooks, in one commit with the cursor: whoever continues writes each
 * delivery once. It takes the event that comes first and that nobody else expands, and the fifo webhooks of all events before
 * the others, because their line waits (`lock_webhooks`). Null when there is nothing to expand, or others do.
 *
 * Which webhooks match is decided here: a webhook gets the event if it is behind the webhook's `from_position`, by the types
 * and the state that the webhook has now. If the ordering of a webhook was changed in between, it may be looked at twice: then a
 * delivery is written only if there is none, which an index range tells, since ids begin with the event's time. The deliveries
 * are parked: webhooks take turns.
 */
export async function expandNext(sql: Queryable, { limit = CHUNK }: { limit?: number } = {}): Promise<Expanded | null> {
  const { rows } = await sql.query<{ position: string; event_type: string; deliveries: number; skipped: number; done: boolean }>({
    name: 'expand_next',
    text: `
      WITH locked AS MATERIALIZED (
        SELECT *, xmin AS version FROM expansions ORDER BY fifo_done, event_position LIMIT 1 FOR UPDATE SKIP LOCKED
      ), expansion AS MATERIALIZED (
        -- Another worker may have committed a chunk between this statement's snapshot and its lock, or a webhook may have become
        -- fifo. Then the snapshot lacks it, and this call only says that the event is not done.
        SELECT locked.*, CASE WHEN locked.fifo_done THEN locked.cursor ELSE locked.fifo_cursor END AS after,
          locked.version = seen.xmin AS is_current
        FROM locked JOIN expansions AS seen USING (event_position)
      ), looked_at AS MATERIALIZED (
        SELECT chunk.id FROM expansion CROSS JOIN LATERAL (
          (SELECT webhooks.id FROM webhooks
            WHERE is_current AND NOT fifo_done AND ordering = 'fifo' AND webhooks.id > after
              AND (expansion.owner IS NULL OR webhooks.owner = expansion.owner) ORDER BY webhooks.id LIMIT $1)
          UNION ALL
          (SELECT webhooks.id FROM webhooks
            WHERE is_current AND fifo_done AND webhooks.owner = expansion.owner AND webhooks.id > after ORDER BY webhooks.id LIMIT $1)
          UNION ALL
          (SELECT DISTINCT subscribed.webhook_id FROM unnest(patterns) AS matching (pattern) CROSS JOIN LATERAL (
              SELECT webhook_id FROM subscriptions
              WHERE subscriptions.pattern = matching.pattern AND webhook_id > after ORDER BY webhook_id LIMIT $1
            ) AS subscribed
            WHERE is_current AND fifo_done AND expansion.owner IS NULL ORDER BY webhook_id LIMIT $1)
        ) AS chunk
      ), matching AS (
        SELECT expansion.*, webhooks AS webhook FROM expansion CROSS JOIN looked_at JOIN webhooks USING (id)
        WHERE (expansion.owner IS NULL OR webhooks.owner = expansion.owner)
          AND is_deliverable(webhooks) AND webhooks.event_types && patterns AND event_position > from_position
          AND (ordering_changed OR NOT fifo_done OR ordering <> 'fifo')
          AND NOT (ordering_changed AND EXISTS (
            SELECT FROM deliveries WHERE deliveries.webhook_id = webhooks.id AND deliveries.event_position = expansion.event_position
              AND deliveries.id >= delivery_id_floor(expansion.accepted_at)
              AND deliveries.id < delivery_id_floor(expansion.accepted_at + interval '1 ms')
          ))
      ), delivery AS MATERIALIZED (
        SELECT *, new_delivery_id(accepted_at) AS delivery_id, (webhook).enabled AS is_pending FROM matching
      ), ${writeDeliveries({ stage: "'parked'", wakeAt: 'NULL' })}, result AS MATERIALIZED (
        SELECT event_position, event_type, fifo_done, is_current AND (SELECT count(*) FROM looked_at) < $1 AS is_last,
          (SELECT max(id) FROM looked_at) AS reached, (SELECT count(*)::int FROM delivery) AS written
        FROM expansion
      ), done AS (
        DELETE FROM expansions USING result WHERE expansions.event_position = result.event_position AND result.fifo_done AND is_last
        RETURNING expansions.event_position
      ), continued AS (
        UPDATE expansions SET deliveries = deliveries + written,
          fifo_done = result.fifo_done OR is_last,
          fifo_cursor = CASE WHEN result.fifo_done THEN fifo_cursor ELSE coalesce(reached, fifo_cursor) END,
          cursor = CASE WHEN result.fifo_done THEN coalesce(reached, cursor) ELSE cursor END
        FROM result WHERE expansions.event_position = result.event_position AND NOT (result.fifo_done AND is_last)
      )
      SELECT event_position AS position, event_type, written AS deliveries,
        (SELECT count(*)::int FROM delivery WHERE NOT is_pending) AS skipped, EXISTS (SELECT FROM done) AS done
      FROM result`,
    values: [limit],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { position, event_type: eventType, deliveries, skipped, done } = row;
  return { position: Number(position), eventType, written: { deliveries, skipped }, done };
}
