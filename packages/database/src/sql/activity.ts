import type { Queryable } from '../database.js';
import { countPending } from './count-pending.js';
import { deleteOlder } from './delete-older.js';

/** The attempts of one minute with one outcome. */
export interface MinuteActivity {
  /** The start of the minute. */
  minute: Date;
  /** `succeeded`, or the class of the error. */
  outcome: string;
  /** Number of attempts. */
  attempts: number;
  /** Number of attempts in each class of durations (`DURATION_BOUNDS_MS`). */
  durations: number[];
}

/** The attempts of one owner's deliveries in ten minutes. */
export interface OwnerActivity {
  /** The start of the ten minutes. */
  period: Date;
  owner: string;
  /** Number of attempts, and how many of them failed. */
  attempts: number;
  failed: number;
  /** Sum of the requests' durations, in milliseconds. */
  busyMs: number;
}

/** Adds the counts of a worker since its last call. */
export async function addActivity(
  sql: Queryable,
  { minutes, owners }: { minutes: readonly MinuteActivity[]; owners: readonly OwnerActivity[] },
): Promise<void> {
  await sql.query({
    name: 'add_activity',
    // Rows are written in one order, so that two workers cannot deadlock.
    text: `
      WITH minutes AS (
        INSERT INTO activity_minutes (minute, outcome, attempts, durations)
        SELECT minute, outcome, attempts, ARRAY(SELECT json_array_elements_text(durations::json)::int)
        FROM unnest($1::timestamptz[], $2::text[], $3::int[], $4::text[]) AS counted (minute, outcome, attempts, durations)
        ORDER BY minute, outcome
        ON CONFLICT (minute, outcome) DO UPDATE SET attempts = activity_minutes.attempts + excluded.attempts,
          durations = add_counts(activity_minutes.durations, excluded.durations)
      )
      INSERT INTO activity_owners (period, owner, attempts, failed, busy_ms)
      SELECT * FROM unnest($5::timestamptz[], $6::text[], $7::int[], $8::int[], $9::bigint[])
        AS counted (period, owner, attempts, failed, busy_ms)
      ORDER BY period, owner
      ON CONFLICT (period, owner) DO UPDATE SET attempts = activity_owners.attempts + excluded.attempts,
        failed = activity_owners.failed + excluded.failed, busy_ms = activity_owners.busy_ms + excluded.busy_ms`,
    values: [
      minutes.map(({ minute }) => minute),
      minutes.map(({ outcome }) => outcome),
      minutes.map(({ attempts }) => attempts),
      minutes.map(({ durations }) => JSON.stringify(durations)),
      owners.map(({ period }) => period),
      owners.map(({ owner }) => owner),
      owners.map(({ attempts }) => attempts),
      owners.map(({ failed }) => failed),
      owners.map(({ busyMs }) => Math.round(busyMs)),
    ],
  });
}

/** Reads the attempts of the last minutes, oldest first: a row for each minute and outcome that occurred. */
export async function readMinutes(sql: Queryable, minutes: number): Promise<MinuteActivity[]> {
  const { rows } = await sql.query<MinuteActivity>({
    name: 'read_minutes',
    text: `
      SELECT minute, outcome, attempts, durations FROM activity_minutes
      WHERE minute > date_trunc('minute', now()) - $1::int * interval '1 min' ORDER BY minute, outcome`,
    values: [minutes],
  });
  return rows;
}

/** An owner's webhooks, activity of the last hour, and limits that an operator set. */
export interface OwnerLoad {
  owner: string;
  /** Number of webhooks. */
  webhooks: number;
  /** Pending deliveries; at most 10,000 of each webhook are counted. */
  pending: number;
  /** Number of attempts in the last hour, and how many of them failed. */
  attempts: number;
  failed: number;
  /** Sum of the durations of requests to their webhooks, in milliseconds. */
  busyMs: number;
  /** When an operator disabled the owner; null: not disabled. */
  disabledAt: Date | null;
  /** Maximum number of webhooks; null: the default. */
  webhooksLimit: number | null;
  /** Maximum number of requests to the API in a minute; null: the default. */
  requestsPerMinute: number | null;
}

/**
 * Reads owners by their number of attempts in the last hour, highest first, then owners with webhooks and no attempts.
 *
 * @param owner reads only this owner, and returns zero counts for an unknown one; null: all
 */
export async function readOwnersByLoad(
  sql: Queryable,
  { owner, limit }: { owner: string | null; limit: number },
): Promise<OwnerLoad[]> {
  const { rows } = await sql.query<Omit<OwnerLoad, 'webhooks' | 'pending' | 'attempts' | 'failed' | 'busyMs'> & Counts>({
    name: 'read_owners_by_load',
    text: `
      WITH load AS MATERIALIZED (
        SELECT owner, sum(attempts) AS attempts, sum(failed) AS failed, sum(busy_ms) AS busy_ms FROM activity_owners
        WHERE period > now() - interval '1 hour' AND ($1::text IS NULL OR owner = $1)
        GROUP BY owner ORDER BY sum(attempts) DESC, owner LIMIT $2
      ), known AS (
        -- As many of each as are wanted: those without attempts follow in the order of their names.
        SELECT owner FROM load
        UNION (SELECT DISTINCT owner FROM webhooks WHERE $1 IS NULL ORDER BY owner LIMIT $2)
        UNION (SELECT owner FROM owner_settings WHERE $1 IS NULL ORDER BY owner LIMIT $2)
        UNION SELECT $1 WHERE $1 IS NOT NULL
      ), chosen AS MATERIALIZED (
        SELECT owner, coalesce(attempts, 0) AS attempts, coalesce(failed, 0) AS failed, coalesce(busy_ms, 0) AS busy_ms,
          (SELECT count(*) FROM webhooks WHERE webhooks.owner = known.owner) AS webhooks
        FROM known LEFT JOIN load USING (owner) ORDER BY coalesce(attempts, 0) DESC, owner LIMIT $2
      )
      SELECT owner, webhooks, attempts, failed, busy_ms AS "busyMs", disabled_at AS "disabledAt",
        webhooks_limit AS "webhooksLimit", requests_per_minute AS "requestsPerMinute",
        (SELECT coalesce(sum(${countPending('webhooks')}), 0) FROM webhooks WHERE webhooks.owner = chosen.owner) AS pending
      FROM chosen LEFT JOIN owner_settings USING (owner) ORDER BY attempts DESC, owner`,
    values: [owner, limit],
  });
  return rows.map((row) => ({
    ...row,
    webhooks: Number(row.webhooks),
    pending: Number(row.pending),
    attempts: Number(row.attempts),
    failed: Number(row.failed),
    busyMs: Number(row.busyMs),
  }));
}

/** PostgreSQL's driver returns sums and counts as text. */
type Counts = Record<'webhooks' | 'pending' | 'attempts' | 'failed' | 'busyMs', string>;

/** Deletes activity that is older than a number of days, batch by batch. */
export async function dropActivity(sql: Queryable, days: number, isStopping?: () => boolean): Promise<void> {
  const older = { before: "now() - $2::int * interval '1 day'", value: days };
  await deleteOlder(sql, { table: 'activity_minutes', ...older }, isStopping);
  await deleteOlder(sql, { table: 'activity_owners', ...older }, isStopping);
}
