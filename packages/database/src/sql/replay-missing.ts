import type { DeliveryStatus } from '../generated/client.js';
import { deliveryIdFloor } from '../delivery-id.js';
import type { Queryable } from '../database.js';
import { REPLAYED, UNDER_WAY } from './replay-again.js';
import { EVENT_TYPE, isOfType, likePatterns } from './type-patterns.js';
import { END_OF_TIME, type Replayed } from './replay-deliveries.js';

/** Selects the events of one webhook's owner to replay, also those without a delivery to the webhook. */
export interface MissingFilter {
  webhookId: string;
  /** Only events that were accepted at this time or later … */
  since: Date;
  /** … and before this time. Null: until now. */
  until: Date | null;
  /** Of the events with a delivery, only those whose delivery has one of these statuses. Pending deliveries are never replayed. */
  statuses: readonly DeliveryStatus[];
  /** Only events of types that one of these patterns matches. Null: all types. */
  types: readonly string[] | null;
  /** The patterns of the webhook: events that none of them matches are not missing. */
  patterns: readonly string[];
}

/** The result of replaying a part of the log. */
export interface ReplayedPart {
  /** The position to continue behind; null: the end was reached. */
  cursor: string | null;
  /** Null when nothing was replayed. */
  replayed: Replayed | null;
}

/** Number of events that one call looks at. */
const CHUNK = 1000;
/** A transaction's start, which is when its events are accepted, is at most this long before it gets its place in the log. */
const LONGEST_ACCEPT_MS = 60_000;

/** A part of the log: the events behind one position and up to another. */
export interface LogPart {
  after: string;
  through: string;
}

/**
 * Returns a part of the log that has all events of a time, and not many more. The log has no index of times, but a delivery's id
 * begins with one. An event is accepted when its transaction starts, and gets its position later, so events that are close in time
 * may have changed places: the last delivery well before the time belongs to an event before all of it, and the first one well
 * behind it to an event behind all of it.
 */
export async function readLogPart(sql: Queryable, { since, until }: Pick<MissingFilter, 'since' | 'until'>): Promise<LogPart> {
  const { rows } = await sql.query<LogPart>({
    name: 'read_log_part',
    text: `
      SELECT coalesce((SELECT event_position FROM deliveries WHERE id < $1 ORDER BY id DESC LIMIT 1), 0) AS after,
        coalesce((SELECT event_position FROM deliveries WHERE id >= $2 ORDER BY id LIMIT 1), 9223372036854775807) AS through`,
    values: [
      deliveryIdFloor(new Date(since.getTime() - LONGEST_ACCEPT_MS)),
      deliveryIdFloor(until === null ? END_OF_TIME : new Date(until.getTime() + LONGEST_ACCEPT_MS)),
    ],
  });
  return rows[0] as LogPart;
}

/**
 * The events of a part of the log, the missing ones and the deliveries that are to be replayed: an SQL fragment. An event whose
 * deliveries are still being written is not missing yet.
 */
const SELECTED = `
  webhook AS MATERIALIZED (
    SELECT id, owner FROM webhooks WHERE id = $1
  ), looked_at AS MATERIALIZED (
    SELECT * FROM (
      SELECT * FROM (
        SELECT events.id, position, type, version, is_preview, accepted_at FROM events
        WHERE owner = (SELECT owner FROM webhook) AND position > $2 AND position <= $8 AND accepted_at >= $3 AND accepted_at < $4
        ORDER BY position LIMIT ${String(CHUNK)}
      ) AS own
      UNION ALL
      SELECT * FROM (
        SELECT events.id, position, type, version, is_preview, accepted_at FROM events
        WHERE owner IS NULL AND position > $2 AND position <= $8 AND accepted_at >= $3 AND accepted_at < $4
        ORDER BY position LIMIT ${String(CHUNK)}
      ) AS for_everyone
    ) AS visible ORDER BY position LIMIT ${String(CHUNK)}
  ), wanted AS MATERIALIZED (
    SELECT looked_at.*, found.id AS delivery_id, found.status
    FROM looked_at LEFT JOIN LATERAL (
      SELECT deliveries.id, deliveries.status FROM deliveries
      WHERE deliveries.webhook_id = $1 AND deliveries.event_position = looked_at.position
        AND deliveries.id >= delivery_id_floor(accepted_at) AND deliveries.id < delivery_id_floor(accepted_at + interval '1 ms')
      LIMIT 1
    ) AS found ON true
    WHERE ${isOfType('$6', { type: 'type', version: 'version' })}
  ), missing AS MATERIALIZED (
    SELECT * FROM wanted WHERE delivery_id IS NULL AND ${isOfType('$7', EVENT_TYPE)}
      AND NOT EXISTS (SELECT FROM expansions WHERE expansions.event_position = wanted.position)
  )`;
const CURSOR = `CASE WHEN (SELECT count(*) FROM looked_at) = ${String(CHUNK)} THEN (SELECT max(position) FROM looked_at) END`;
const ENDED = `status = ANY ($5::delivery_status[]) AND status <> 'pending'`;

const parameters = ({ webhookId, since, until, statuses, types, patterns }: MissingFilter, { after, through }: LogPart) => [
  webhookId,
  after,
  since,
  until ?? END_OF_TIME,
  statuses,
  likePatterns(types),
  likePatterns(patterns),
  through,
];

/** Counts what {@link replayWithMissing} would replay of the same part of the log. Changes nothing. */
export async function countWithMissing(
  sql: Queryable,
  filter: MissingFilter,
  part: LogPart,
): Promise<{ cursor: string | null; count: number }> {
  const { rows } = await sql.query<{ cursor: string | null; count: number }>({
    name: 'count_with_missing',
    text: `
      WITH ${SELECTED}
      SELECT ${CURSOR} AS cursor,
        (SELECT count(*) FROM missing)::int + (SELECT count(*) FROM wanted WHERE ${ENDED})::int AS count`,
    values: parameters(filter, part),
  });
  return rows[0] ?? { cursor: null, count: 0 };
}

/**
 * Replays up to the first 1,000 events of a part of the log, as `replayDeliveries` does, and also the events that the
 * webhook would get now and has no delivery for: those from before it existed, or while it was disabled or had other types. For
 * them it adds deliveries with ids that two replays at the same time cannot both add.
 *
 * As in `replayDeliveries`, deliveries are locked before their webhook. The new ones are added under the webhook's lock, so that
 * their webhook is enabled, and no other replay waits for them.
 *
 * @param perSecond deliveries due in a second
 */
export async function replayWithMissing(
  sql: Queryable,
  filter: MissingFilter,
  part: LogPart,
  perSecond: number,
): Promise<ReplayedPart> {
  const { rows } = await sql.query<{ cursor: string | null; count: string; from: Date; until: Date }>({
    name: 'replay_with_missing',
    text: `
      WITH ${SELECTED}, ${UNDER_WAY}, chosen AS MATERIALIZED (
        SELECT id, event_position, attempt_count, created_at FROM deliveries
        WHERE (SELECT count(*) FROM under_way) >= 0
          AND id = ANY (ARRAY(SELECT delivery_id FROM wanted WHERE ${ENDED})) AND ${ENDED}
          AND id BETWEEN (SELECT min(delivery_id) FROM wanted) AND (SELECT max(delivery_id) FROM wanted)
        ORDER BY id FOR UPDATE
      ), selected AS MATERIALIZED (
        SELECT id, event_position, attempt_count, created_at, false AS is_missing FROM chosen
        UNION ALL
        SELECT missing_delivery_id($1, position, accepted_at), position, 0, accepted_at, true FROM missing
      ), size AS MATERIALIZED (
        SELECT count(*) AS count FROM selected
      ), scheduled AS MATERIALIZED (
        UPDATE webhooks SET replay_next_at = greatest(replay_next_at, now()) + (SELECT count FROM size) * interval '1 s' / $9::float8
        WHERE id = $1 AND enabled AND (SELECT count FROM size) > 0
        RETURNING generation, owner, replay_next_at - (SELECT count FROM size) * interval '1 s' / $9::float8 AS starts_at
      ), planned AS MATERIALIZED (
        SELECT selected.*, generation, owner, starts_at + (row_number() OVER (ORDER BY event_position) - 1) * interval '1 s' / $9::float8 AS at
        FROM selected, scheduled
      ), added AS (
        INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, event_version, status, replay, created_at)
        SELECT planned.id, missing.id, position, $1, planned.owner, type, version, 'pending', true, accepted_at
        FROM planned JOIN missing ON position = event_position WHERE is_missing ORDER BY planned.id
        ON CONFLICT DO NOTHING RETURNING id
      ), due AS MATERIALIZED (
        SELECT * FROM planned WHERE NOT is_missing OR id IN (SELECT id FROM added)
      ), ${REPLAYED}, logged AS (
        UPDATE deliveries SET status = 'pending', replay = true, finished_at = NULL FROM due
        WHERE deliveries.id = due.id AND NOT is_missing
          AND deliveries.id BETWEEN (SELECT min(id) FROM chosen) AND (SELECT max(id) FROM chosen)
      )
      SELECT ${CURSOR} AS cursor, (SELECT count(*) FROM due) AS count, (SELECT min(at) FROM due) AS from, (SELECT max(at) FROM due) AS until`,
    values: [...parameters(filter, part), perSecond],
  });
  const [row] = rows;
  if (row === undefined) return { cursor: null, replayed: null };
  const { cursor, count, from, until } = row;
  return { cursor, replayed: count === '0' ? null : { count: Number(count), from, until } };
}
