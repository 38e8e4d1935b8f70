import type { Queryable } from '../database.js';

/** An event as the log holds it. */
export interface LoggedEvent {
  id: string;
  position: number;
  type: string;
  userId: string | null;
  /** ISO 8601 in UTC, to the millisecond. */
  timestamp: string;
  /** The payload, as the exact JSON text that was accepted. */
  data: string;
}

interface Row {
  id: string;
  position: string;
  type: string;
  user_id: string | null;
  timestamp: string;
  data: string;
}

const COLUMNS = `id, position, type, user_id, data::text AS data,
  to_char(timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS timestamp`;

const toEvent = ({ user_id: userId, position, ...row }: Row): LoggedEvent => ({ ...row, userId, position: Number(position) });

export interface ReadOptions {
  /** Only events after this position. */
  after: number;
  limit: number;
}

/** The log from a position on, everybody's events, in its one order. */
export async function readEvents(sql: Queryable, { after, limit }: ReadOptions): Promise<LoggedEvent[]> {
  const { rows } = await sql.query<Row>({
    name: 'read_events',
    text: `SELECT ${COLUMNS} FROM events WHERE position > $1 ORDER BY position LIMIT $2`,
    values: [after, limit],
  });
  return rows.map(toEvent);
}

/**
 * The log as one user sees it: what is for everyone and what is theirs. Two ordered index scans, merged; neither ever
 * touches another user's rows.
 *
 * @param types only these types; null: all
 */
export async function readUserEvents(
  sql: Queryable,
  userId: string,
  { after, limit, types }: ReadOptions & { types: readonly string[] | null },
): Promise<LoggedEvent[]> {
  const { rows } = await sql.query<Row>({
    name: 'read_user_events',
    text: `
      SELECT * FROM (
        (SELECT ${COLUMNS} FROM events
          WHERE user_id = $1 AND position > $2 AND ($4::text[] IS NULL OR type = ANY($4)) ORDER BY events.position LIMIT $3)
        UNION ALL
        (SELECT ${COLUMNS} FROM events
          WHERE user_id IS NULL AND position > $2 AND ($4::text[] IS NULL OR type = ANY($4)) ORDER BY events.position LIMIT $3)
      ) AS visible ORDER BY position LIMIT $3`,
    values: [userId, after, limit, types],
  });
  return rows.map(toEvent);
}

/** Where in the log an event stands, or null when there is none with this id that the user may see. */
export async function findPosition(sql: Queryable, userId: string, eventId: string): Promise<number | null> {
  const { rows } = await sql.query<{ position: string }>({
    name: 'find_position',
    text: 'SELECT position FROM events WHERE id = $2 AND (user_id IS NULL OR user_id = $1)',
    values: [userId, eventId],
  });
  return rows[0] ? Number(rows[0].position) : null;
}

/** The position of the newest event; 0 when the log is empty. */
export async function lastPosition(sql: Queryable): Promise<number> {
  const { rows } = await sql.query<{ position: string | null }>({
    name: 'last_position',
    text: 'SELECT max(position) AS position FROM events',
  });
  return Number(rows[0]?.position ?? 0);
}
