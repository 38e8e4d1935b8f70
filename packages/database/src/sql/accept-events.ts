import type { Queryable } from '../database.js';

export interface NewEvent {
  id: string;
  type: string;
  userId: string | null;
  /** ISO 8601. */
  timestamp: string;
  /** JSON. */
  data: string;
}

/** An event that this statement wrote. */
export interface AcceptedEvent {
  id: string;
  /** Its place in the one order of the log. */
  position: number;
  /** The deliveries that were written with it. */
  deliveryIds: string[];
}

export interface AcceptOptions {
  /** For every type among the events, the patterns that mean it. */
  patterns: ReadonlyMap<string, readonly string[]>;
  /** When the reconciler looks at a delivery that was never enqueued, in milliseconds from now. */
  wakeAfterMs: number;
}

/** Any number, as long as every process that accepts events takes the same lock. */
const LOG_LOCK = 4_105_112_401;

/**
 * Writes events and one pending delivery for every enabled webhook that matches, in one commit. An id that the log
 * already has is left alone, and missing from the answer.
 *
 * The lock is held until the commit, so positions become visible in their order: whoever has read up to a position has
 * missed nothing before it. It must come before `nextval`, which is why the order is drawn in the select's own list,
 * from rows that the lock was joined to.
 */
export async function acceptEvents(
  sql: Queryable,
  events: readonly NewEvent[],
  { patterns, wakeAfterMs }: AcceptOptions,
): Promise<AcceptedEvent[]> {
  const pairs = [...patterns].flatMap(([type, list]) => list.map((pattern) => ({ type, pattern })));
  const { rows } = await sql.query<{ id: string; position: string; delivery_ids: string[] }>({
    name: 'accept_events',
    text: `
      WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(${String(LOG_LOCK)})
      ), offered AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
          WITH ORDINALITY AS offered (id, type, user_id, data, timestamp, ordinal)
      ), pattern AS (
        SELECT type, array_agg(pattern) AS patterns FROM unnest($6::text[], $7::text[]) AS pair (type, pattern) GROUP BY type
      ), accepted AS (
        INSERT INTO events (id, position, type, user_id, data, timestamp)
        SELECT id, nextval('events_position_seq'), type, user_id, data::json, timestamp
        FROM (
          SELECT offered.* FROM turn, offered
          WHERE NOT EXISTS (SELECT FROM events WHERE events.id = offered.id)
          ORDER BY ordinal
        ) AS fresh
        ON CONFLICT (id) DO NOTHING
        RETURNING id, position, type, user_id
      ), matching AS (
        SELECT accepted.id AS event_id, accepted.type, webhooks.id AS webhook_id, webhooks.user_id
        FROM accepted JOIN pattern USING (type)
        JOIN webhooks ON webhooks.user_id = accepted.user_id AND webhooks.enabled AND webhooks.event_types && patterns
        UNION ALL
        SELECT accepted.id, accepted.type, webhooks.id, webhooks.user_id
        FROM accepted JOIN pattern USING (type)
        JOIN webhooks ON accepted.user_id IS NULL AND webhooks.enabled AND webhooks.event_types && patterns
      ), delivery AS (
        INSERT INTO deliveries (id, event_id, webhook_id, user_id, event_type, wake_at)
        SELECT new_delivery_id(), event_id, webhook_id, user_id, type, now() + make_interval(secs => $8::float8 / 1000)
        FROM matching
        RETURNING id, event_id
      )
      SELECT accepted.id, accepted.position,
        array_remove(array_agg(delivery.id), NULL) AS delivery_ids
      FROM accepted LEFT JOIN delivery ON delivery.event_id = accepted.id
      GROUP BY accepted.id, accepted.position
      ORDER BY accepted.position`,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ userId }) => userId),
      events.map(({ data }) => data),
      events.map(({ timestamp }) => timestamp),
      pairs.map(({ type }) => type),
      pairs.map(({ pattern }) => pattern),
      wakeAfterMs,
    ],
  });
  return rows.map(({ id, position, delivery_ids: deliveryIds }) => ({ id, position: Number(position), deliveryIds }));
}
