import type { DeliveryStatus } from '../generated/client.js';
import { deliveryIdFloor } from '../delivery-id.js';
import type { Queryable } from '../database.js';
import { LONGEST_LEASE_S } from '../lease.js';

/** Deliveries of one webhook that are to be attempted again. */
export interface ReplayFilter {
  webhookId: string;
  /** When they were accepted: from then on … */
  since: Date;
  /** … until before then; null: until now. */
  until: Date | null;
  /** Of these only what is terminal is replayed. */
  statuses: readonly DeliveryStatus[];
  /** Only these types; null: all. */
  types: readonly string[] | null;
}

/** A part of a replay that is small enough for one statement: a range of the log, and the range of ids that it is found by. */
export interface ReplayChunk {
  count: number;
  firstPosition: string;
  lastPosition: string;
  lowestId: string;
  highestId: string;
}

/** When the first and the last of the replayed ones are attempted, if the webhook has room for them. */
export interface Replayed {
  count: number;
  from: Date;
  until: Date;
}

const CHUNK = 1000;
const NEVER = new Date(8.64e15);

/**
 * What a filter means, in the order of the log, divided into chunks. Nothing is changed. Ids follow the clocks of those who
 * accepted, positions the one order of the log, and the two differ by moments: so a chunk has its range of both.
 *
 * What fails anew while the chunks are worked off is in none that are still to come, so a replay ends.
 */
export async function planReplay(sql: Queryable, filter: ReplayFilter): Promise<ReplayChunk[]> {
  const { rows } = await sql.query<Record<keyof ReplayChunk, string>>({
    name: 'plan_replay',
    text: `
      SELECT count(*) AS count, min(event_position) AS "firstPosition", max(event_position) AS "lastPosition",
        min(id) AS "lowestId", max(id) AS "highestId"
      FROM (
        SELECT id, event_position, (row_number() OVER (ORDER BY event_position) - 1) / ${String(CHUNK)} AS chunk FROM deliveries
        WHERE webhook_id = $1 AND id >= $2 AND id < $3
          AND status = ANY ($4::delivery_status[]) AND status <> 'pending' AND ($5::text[] IS NULL OR event_type = ANY ($5))
      ) AS chosen
      GROUP BY chunk ORDER BY chunk`,
    values: [
      filter.webhookId,
      deliveryIdFloor(filter.since),
      deliveryIdFloor(filter.until ?? NEVER),
      filter.statuses,
      filter.types,
    ],
  });
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/**
 * Makes a chunk's deliveries pending again, each due `1 / perSecond` seconds after the one before, behind those that were
 * replayed earlier. Null when nothing was: none of it is terminal any more, or the webhook is not enabled.
 *
 * Deliveries are locked before their webhook, in the order of their ids, as everywhere: whoever holds the webhook's lock
 * (claiming, recording, another replay) has all its deliveries already and waits for nobody. The lock is what makes the
 * replays of a webhook queue up: the next one reads where this one has moved `replay_next_at`.
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
      WITH chosen AS MATERIALIZED (
        SELECT id, event_position, lease_token IS NOT NULL AS leased FROM deliveries
        WHERE webhook_id = $1 AND id BETWEEN $2 AND $3 AND event_position BETWEEN $4 AND $5
          AND status = ANY ($6::delivery_status[]) AND status <> 'pending' AND ($7::text[] IS NULL OR event_type = ANY ($7))
        ORDER BY id FOR UPDATE
      ), size AS MATERIALIZED (
        SELECT count(*) AS count FROM chosen
      ), line AS (
        UPDATE webhooks SET replay_next_at = greatest(replay_next_at, now()) + (SELECT count FROM size) * interval '1 s' / $8::float8
        WHERE id = $1 AND enabled AND (SELECT count FROM size) > 0
        RETURNING replay_next_at - (SELECT count FROM size) * interval '1 s' / $8::float8 AS starts_at
      ), replayed AS (
        UPDATE deliveries SET status = 'pending', stage = 'backoff', priority = 2, replay = true, prior_attempts = attempt_count,
          next_attempt_at = at, finished_at = NULL,
          -- One that was cancelled while it was under way keeps its lease until that attempt has ended.
          wake_at = CASE WHEN leased THEN greatest(at, now() + interval '${String(LONGEST_LEASE_S)} s') ELSE at END
        FROM (
          SELECT id, leased, starts_at + (row_number() OVER (ORDER BY event_position) - 1) * interval '1 s' / $8::float8 AS at
          FROM chosen, line
        ) AS due
        WHERE deliveries.id = due.id
        RETURNING at
      )
      SELECT count(*) AS count, min(at) AS from, max(at) AS until FROM replayed`,
    values: [webhookId, lowestId, highestId, firstPosition, lastPosition, statuses, types, perSecond],
  });
  const [row] = rows;
  return row === undefined || row.count === '0' ? null : { count: Number(row.count), from: row.from, until: row.until };
}
