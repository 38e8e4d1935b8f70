/** A connection for the relay alone, outside of any transaction: a client of `pg`, or an object with the same methods. */
export interface OutboxConnection {
  /** Runs one statement with its parameters (`$1`). Rejects with the database's error. */
  query: (text: string, values?: unknown[]) => PromiseLike<{ rows: unknown[] }>;
  /** With it the relay is notified of commits (`LISTEN`) and of a broken connection; without it, the relay only polls. */
  on?: {
    (event: 'notification', listener: () => void): unknown;
    (event: 'error', listener: (error: Error) => void): unknown;
  };
  /** Closes the connection, also while a statement runs. */
  end: () => PromiseLike<unknown>;
}

/** A row of `tidings.outbox` that waits for a relay. */
export interface WaitingEvent {
  position: string;
  id: string;
  type: string;
  /** ISO 8601, UTC. */
  timestamp: string;
  /** The payload as JSON text. */
  data: string;
}

/** A row that Tidings rejected. */
export interface Rejection {
  event: WaitingEvent;
  /** The reason, for a person to read. */
  reason: string;
}

/** The maximum number of events of one `POST /api/events`. */
export const MAX_EVENTS = 1000;
/** With one more event of 256 KiB, and the envelope of each event, a request stays below its limit of 1 MB. */
const MAX_BYTES = 700_000;
const ENVELOPE_BYTES = 256;
const MAX_REASON = 2000;

/** What the statements of a round rely on, whatever the service's database or role says. */
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['idle_in_transaction_session_timeout', '30s'],
  ['statement_timeout', '10s'],
  ['lock_timeout', '10s'],
  ['search_path', 'pg_catalog, pg_temp'],
  ['standard_conforming_strings', 'on'],
  ['client_encoding', 'UTF8'],
  ['row_security', 'on'],
];

/**
 * Begins a transaction and locks the outbox for it, so that no other relay moves events until it ends. Returns false when
 * another relay holds the lock.
 *
 * The lock belongs to the transaction, not to the session, so that it works through PgBouncer. It is taken in a statement before
 * the one that reads: a single statement could still read rows that the previous relay has deleted. A relay that freezes loses
 * the lock by the timeouts.
 */
export async function lockOutbox({ query }: SqlRunner): Promise<boolean> {
  await query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE');
  const { rows } = await query(`
    SELECT pg_try_advisory_xact_lock(hashtextextended('tidings.outbox', 0)) AS is_locked,
      ${SETTINGS.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')}`);
  return (rows[0] as { is_locked: boolean }).is_locked;
}

/**
 * Reads the first waiting events, in order: at most `limit`, and at most as many bytes as fit into one request. Leaves out the
 * event at the position `skip`.
 */
export async function readWaiting({ query }: SqlRunner, limit: number, skip?: string): Promise<WaitingEvent[]> {
  const { rows } = await query(
    `
    SELECT position::text, id, type, to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp, data
    FROM (
      SELECT position, id, type, timestamp, data::text, sum(octet_length(data::text) + ${String(ENVELOPE_BYTES)})
        OVER (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
      FROM (
        SELECT * FROM tidings.outbox WHERE rejected_at IS NULL AND position IS DISTINCT FROM CAST($1 AS text)::bigint
        ORDER BY position LIMIT CAST($2 AS text)::int
      ) AS next
    ) AS weighed
    WHERE coalesce(bytes_before, 0) < ${String(MAX_BYTES)}
    ORDER BY weighed.position`,
    [skip ?? null, String(limit)],
  );
  return rows as WaitingEvent[];
}

/** Deletes events that were published from the outbox. */
export async function deleteRelayed({ query }: SqlRunner, events: readonly WaitingEvent[]): Promise<void> {
  await query(
    `DELETE FROM tidings.outbox
     WHERE position IN (SELECT value::bigint FROM json_array_elements_text(CAST($1 AS text)::json))`,
    [JSON.stringify(events.map(({ position }) => position))],
  );
}

/** Marks rejected events with the reason. They no longer wait, until someone sets `rejected_at` to null. */
export async function markRejected({ query }: SqlRunner, rejections: readonly Rejection[]): Promise<void> {
  const rows = rejections.map(({ event, reason }) => ({ position: event.position, error: storable(reason) }));
  await query(
    `UPDATE tidings.outbox SET rejected_at = clock_timestamp(), error = rejection->>'error'
     FROM json_array_elements(CAST($1 AS text)::json) AS rejection
     WHERE position = (rejection->>'position')::bigint`,
    [JSON.stringify(rows)],
  );
}

/** Replaces characters that PostgreSQL cannot store, such as NUL: a reason may repeat the name of a field. */
function storable(reason: string): string {
  return reason.slice(0, MAX_REASON).replace(/\p{C}/gu, '\uFFFD');
}

/** The part of a connection that runs statements. `query` must work without `this`. */
export type SqlRunner = Pick<OutboxConnection, 'query'>;
