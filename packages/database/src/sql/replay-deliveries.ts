import type { DeliveryStatus } from '../generated/client.js';
import { deliveryIdFloor } from '../delivery-id.js';
import type { Queryable } from '../database.js';
import { LOOKED_AT } from './looked-at.js';
import { deliveriesOf } from './deliveries-of.js';
import { DELIVERY_TYPE, isOfType, likePatterns } from './type-patterns.js';
import { REPLAYED, UNDER_WAY } from './replay-again.js';

/** Selects the deliveries of one webhook to replay. */
export interface ReplayFilter {
  webhookId: string;
  /** Only deliveries of events that were accepted at this time or later … */
  since: Date;
  /** … and before this time. Null: until now. */
  until: Date | null;
  /** Only deliveries with one of these statuses. Pending deliveries are never replayed. */
  statuses: readonly DeliveryStatus[];
  /** Only events of types that one of these patterns matches. Null: all types. */
  types: readonly string[] | null;
}

/** A part of a replay that is small enough for one statement: a range of positions, and the range of ids that finds them. */
export interface ReplayChunk {
  /** Number of selected deliveries. */
  count: number;
  firstPosition: string;
  lastPosition: string;
  lowestId: string;
  highestId: string;
}

/** The number of replayed deliveries, and when the first and the last are due. */
export interface Replayed {
  count: number;
  from: Date;
  until: Date;
}

const CHUNK = 1000;
/** The part of a delivery's id that names the millisecond, an SQL expression: `dlv_` and twelve hexadecimal digits of a UUIDv7. */
const MILLISECOND = 'left(id, 17)';
/** Later than every time of an event. */
export const END_OF_TIME = new Date(8.64e15);

/** The next part of a replay. */
export interface PlannedChunk {
  /** Null: none of the deliveries that were looked at is selected. */
  chunk: ReplayChunk | null;
  /** Id of the delivery to continue behind; null: there are no more. */
  cursor: string | null;
}

/**
 * Finds the next deliveries that a filter selects, about 1,000 among 10,000, behind a delivery id. Changes nothing.
 *
 * Ids follow the clock at acceptance, positions the order of the log. Events of one millisecond, such as those of one request,
 * have ids in any order, so a chunk has all or none of them. Requests that ran at the same time may differ by moments: so a
 * chunk has a range of ids and a range of positions.
 *
 * A delivery that fails again while later chunks are replayed is behind the cursor, so a replay ends.
 */
export async function readReplayChunk(sql: Queryable, filter: ReplayFilter, cursor: string): Promise<PlannedChunk> {
  const { rows } = await sql.query<Record<keyof ReplayChunk, string> & Pick<PlannedChunk, 'cursor'>>({
    name: 'read_replay_chunk',
    text: `
      WITH looked_at AS MATERIALIZED (
        SELECT id, event_position, status, event_type, event_version FROM deliveries
        WHERE ${deliveriesOf('$1', 'greatest($2, $6)')} AND id <> $6 ORDER BY webhook_id, id LIMIT ${String(LOOKED_AT)}
      ), read AS MATERIALIZED (
        SELECT count(*) < ${String(LOOKED_AT)} OR min(${MILLISECOND}) = max(${MILLISECOND}) AS all, max(${MILLISECOND}) AS last FROM looked_at
      ), whole AS MATERIALIZED (
        SELECT looked_at.* FROM looked_at CROSS JOIN read WHERE id < $3 AND (read.all OR ${MILLISECOND} < read.last)
      ), selected AS MATERIALIZED (
        SELECT id, event_position FROM whole
        WHERE status = ANY ($4::delivery_status[]) AND status <> 'pending' AND ${isOfType('$5', DELIVERY_TYPE)}
      ), chosen AS MATERIALIZED (
        SELECT * FROM selected WHERE ${MILLISECOND} <= coalesce(
          (SELECT ${MILLISECOND} FROM selected ORDER BY id OFFSET ${String(CHUNK - 1)} LIMIT 1), 'dlv_~'
        )
      )
      SELECT count(*) AS count, min(event_position) AS "firstPosition", max(event_position) AS "lastPosition",
        min(id) AS "lowestId", max(id) AS "highestId",
        CASE
          WHEN count(*) < (SELECT count(*) FROM selected) THEN max(id)
          WHEN (SELECT count(*) FROM looked_at) = ${String(LOOKED_AT)} THEN (SELECT max(id) FROM whole)
        END AS cursor
      FROM chosen`,
    values: [
      filter.webhookId,
      deliveryIdFloor(filter.since),
      deliveryIdFloor(filter.until ?? END_OF_TIME),
      filter.statuses,
      likePatterns(filter.types),
      cursor,
    ],
  });
  const { cursor: next, ...chunk } = rows[0] as (typeof rows)[number];
  const count = Number(chunk.count);
  return { chunk: count === 0 ? null : { ...chunk, count }, cursor: next };
}

/**
 * Makes the deliveries of a chunk pending again, each due `1 / perSecond` seconds after the one before, and all after those of
 * earlier replays. Null when no delivery was replayed: none is terminal any more, or the webhook is not enabled.
 *
 * As everywhere, deliveries are locked before their webhook, in the order of their ids: a statement that holds the webhook's
 * lock (claim, record, another replay) already has the locks of its deliveries and waits for no other lock. The webhook's lock
 * also puts replays of one webhook in sequence: the next one reads the `replay_next_at` that this one has moved.
 *
 * @param perSecond deliveries due in a second
 */
export async function replayDeliveries(
  sql: Queryable,
  { webhookId, statuses, types }: Pick<ReplayFilter, 'webhookId' | 'statuses' | 'types'>,
  { firstPosition, lastPosition, lowestId, highestId }: ReplayChunk,
  perSecond: number,
): Promise<Replayed | null> {
  const { rows } = await sql.query<{ count: string; from: Date; until: Date }>({
    name: 'replay_deliveries',
    text: `
      WITH ${UNDER_WAY}, chosen AS MATERIALIZED (
        SELECT id, event_position, attempt_count, created_at FROM deliveries
        WHERE (SELECT count(*) FROM under_way) >= 0
          AND webhook_id = $1 AND id BETWEEN $2 AND $3 AND event_position BETWEEN $4 AND $5
          AND status = ANY ($6::delivery_status[]) AND status <> 'pending' AND ${isOfType('$7', DELIVERY_TYPE)}
        ORDER BY id FOR UPDATE
      ), size AS MATERIALIZED (
        SELECT count(*) AS count FROM chosen
      ), scheduled AS (
        UPDATE webhooks SET replay_next_at = greatest(replay_next_at, now()) + (SELECT count FROM size) * interval '1 s' / $8::float8
        WHERE id = $1 AND enabled AND (SELECT count FROM size) > 0
        RETURNING generation, replay_next_at - (SELECT count FROM size) * interval '1 s' / $8::float8 AS starts_at
      ), due AS MATERIALIZED (
        SELECT chosen.*, generation, starts_at + (row_number() OVER (ORDER BY event_position) - 1) * interval '1 s' / $8::float8 AS at
        FROM chosen, scheduled
      ), ${REPLAYED}, logged AS (
        UPDATE deliveries SET status = 'pending', replay = true, finished_at = NULL FROM due WHERE deliveries.id = due.id
      )
      SELECT count(*) AS count, min(at) AS from, max(at) AS until FROM due`,
    values: [webhookId, lowestId, highestId, firstPosition, lastPosition, statuses, likePatterns(types), perSecond],
  });
  const [row] = rows;
  return row === undefined || row.count === '0' ? null : { count: Number(row.count), from: row.from, until: row.until };
}
