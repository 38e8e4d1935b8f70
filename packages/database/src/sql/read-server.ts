import type { Queryable } from '../database.js';

/** The PostgreSQL server behind a connection. */
export interface DatabaseServer {
  /** `18.4`. */
  version: string;
  /** What its clock says. */
  now: Date;
  /** Whether it only reads: a standby, or one that was made so. */
  readOnly: boolean;
}

/** Asks the server who it is, and what time it is there. */
export async function readServer(sql: Queryable): Promise<DatabaseServer> {
  const { rows } = await sql.query<DatabaseServer>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, clock_timestamp() AS now,
       current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  );
  return rows[0] as DatabaseServer;
}
