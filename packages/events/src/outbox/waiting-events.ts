/** A connection of the relay's own, outside of any transaction: a client of `pg`, or what acts like one. */
export interface OutboxConnection {
  query: (text: string, values?: unknown[]) => PromiseLike<{ rows: unknown[] }>;
  /** With it the relay is told of commits (`LISTEN`) and of a connection that breaks; without it, it only looks now and then. */
  on?: {
    (event: 'notification', listener: () => void): unknown;
    (event: 'error', listener: (error: Error) => void): unknown;
  };
  /** Closes it, whatever is under way. */
  end: () => PromiseLike<unknown>;
}

/** A row of `tidings.outbox`. */
export interface WaitingEvent {
  position: string;
  id: string;
  type: string;
  /** ISO 8601, UTC. */
  timestamp: string;
  /** JSON. */
  data: string;
}

/** A row that Tidings did not take. */
export interface Rejection {
  event: WaitingEvent;
  /** For a person to read. */
  reason: string;
}

/** The most that `POST /api/events` takes at once. */
const MAX_EVENTS = 1000;
/** With one more event of 256 KiB, and what is around each of them, a request stays below the 1 MB that it may have. */
const MAX_BYTES = 700_000;
const ENVELOPE_BYTES = 256;
const MAX_REASON = 2000;

/**
 * Begins a transaction which is the only one that moves events of this outbox, until it ends. False: another relay does.
 *
 * The lock is the transaction's, not the session's, so that it works through PgBouncer. It comes in a statement before the
 * reading one, which would otherwise see what the one before us has deleted since. A relay that freezes loses it.
 */
export async function beginMoving({ query }: Bound): Promise<boolean> {
  await query('BEGIN ISOLATION LEVEL READ COMMITTED');
  const { rows } = await query(`
    SELECT pg_try_advisory_xact_lock(hashtextextended('tidings.outbox', 0)) AS mine,
      set_config('idle_in_transaction_session_timeout', '30s', true), set_config('statement_timeout', '10s', true)`);
  return (rows[0] as { mine: boolean }).mine;
}

/** What waits, in order: at most 1,000 events, and about as many bytes as fit into one request. */
export async function readWaiting({ query }: Bound): Promise<WaitingEvent[]> {
  const { rows } = await query(`
    SELECT position::text, id, type, to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp, data
    FROM (
      SELECT position, id, type, timestamp, data::text, sum(octet_length(data::text) + ${String(ENVELOPE_BYTES)})
        OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
      FROM (
        SELECT * FROM tidings.outbox WHERE rejected_at IS NULL ORDER BY position LIMIT ${String(MAX_EVENTS)}
      ) AS next
    ) AS weighed
    WHERE coalesce(bytes_before, 0) < ${String(MAX_BYTES)}
    ORDER BY weighed.position`);
  return rows as WaitingEvent[];
}

/** Takes what Tidings has out of the outbox. */
export async function deleteRelayed({ query }: Bound, events: readonly WaitingEvent[]): Promise<void> {
  await query(
    `DELETE FROM tidings.outbox
     WHERE position IN (SELECT value::bigint FROM json_array_elements_text(CAST($1 AS text)::json))`,
    [JSON.stringify(events.map(({ position }) => position))],
  );
}

/** Keeps what Tidings does not take, with why: it no longer waits, until somebody sets `rejected_at` to null. */
export async function keepRejected({ query }: Bound, rejections: readonly Rejection[]): Promise<void> {
  const rows = rejections.map(({ event, reason }) => ({ position: event.position, error: writable(reason) }));
  await query(
    `UPDATE tidings.outbox SET rejected_at = clock_timestamp(), error = rejection->>'error'
     FROM json_array_elements(CAST($1 AS text)::json) AS rejection
     WHERE position = (rejection->>'position')::bigint`,
    [JSON.stringify(rows)],
  );
}

/** A reason may repeat the name of a field, and PostgreSQL has no text with a NUL or half of a surrogate pair in it. */
function writable(reason: string): string {
  return reason.slice(0, MAX_REASON).replace(/\p{C}/gu, '\uFFFD');
}

/** The part of a connection that runs statements, bound to it. */
export type Bound = Pick<OutboxConnection, 'query'>;
