import type { Queryable } from '../database.js';

/** The PostgreSQL server behind a connection. */
export interface DatabaseServer {
  /** `18.4`. */
  version: string;
  /** Time of its clock. */
  now: Date;
  /** Whether it refuses writes: a standby, or a server that was made read-only. */
  readOnly: boolean;
}

/** Reads the server's version and clock, and whether it refuses writes. */
export async function readServer(sql: Queryable): Promise<DatabaseServer> {
  const { rows } = await sql.query<DatabaseServer>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, clock_timestamp() AS now,
       current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  );
  return rows[0] as DatabaseServer;
}
