import type { Queryable } from '../database.js';

/** The PostgreSQL server behind a connection. */
export interface DatabaseServer {
  /** `18.4`. */
  version: string;
  /** `180004`: https://www.postgresql.org/docs/current/runtime-config-preset.html#GUC-SERVER-VERSION-NUM. */
  versionNumber: number;
  /** Time of its clock. */
  now: Date;
  /** Whether it refuses writes: a standby, or a server that was made read-only. */
  readOnly: boolean;
}

/** The oldest major version of PostgreSQL that Tidings supports: the oldest that its makers maintained in November 2026. */
export const OLDEST_POSTGRESQL = 14;

/** Reads the server's version and clock, and whether it refuses writes. */
export async function readServer(sql: Queryable): Promise<DatabaseServer> {
  const { rows } = await sql.query<DatabaseServer>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
       current_setting('server_version_num')::int AS "versionNumber", clock_timestamp() AS now,
       current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  );
  return rows[0] as DatabaseServer;
}

/** Returns whether Tidings supports the server's version. */
export function isSupported({ versionNumber }: Pick<DatabaseServer, 'versionNumber'>): boolean {
  return versionNumber >= OLDEST_POSTGRESQL * 10_000;
}
