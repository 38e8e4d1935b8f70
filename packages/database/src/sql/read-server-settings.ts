import type { Queryable } from '../database.js';

/** Settings of a PostgreSQL server that matter for Tidings, as this session has them. Sizes are in bytes. */
export interface ServerSettings {
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  autovacuum: string;
  track_counts: string;
  jit: string;
  enable_seqscan: string;
  plan_cache_mode: string;
  server_encoding: string;
  random_page_cost: number;
  shared_buffers: number;
  max_wal_size: number;
  /** Connections that the role may have in all: `max_connections` without the reserved ones, and the limits of role and database. */
  connections: number;
}

/** Reads the settings of the server that {@link ServerSettings} has. */
export async function readServerSettings(sql: Queryable): Promise<ServerSettings> {
  const { rows } = await sql.query<ServerSettings>(
    `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit, current_setting('autovacuum') AS autovacuum,
       current_setting('track_counts') AS track_counts, current_setting('jit') AS jit,
       current_setting('enable_seqscan') AS enable_seqscan, current_setting('plan_cache_mode') AS plan_cache_mode,
       current_setting('server_encoding') AS server_encoding, current_setting('random_page_cost')::float8 AS random_page_cost,
       pg_size_bytes(current_setting('shared_buffers'))::float8 AS shared_buffers,
       pg_size_bytes(current_setting('max_wal_size'))::float8 AS max_wal_size,
       least(
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0),
         (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
         (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
       ) AS connections`,
  );
  return rows[0] as ServerSettings;
}
