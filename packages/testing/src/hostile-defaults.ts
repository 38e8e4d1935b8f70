import pg from 'pg';

/** Defaults under which statements that rely on anything but themselves fail, are slow, or do something else. */
const HOSTILE: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  row_security: 'off',
  check_function_bodies: 'off',
  exit_on_error: 'on',
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Pacific/Chatham',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  client_encoding: 'LATIN1',
  standard_conforming_strings: 'off',
  backslash_quote: 'on',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  client_min_messages: 'debug1',
  gin_fuzzy_search_limit: '1',
  'plpgsql.extra_errors': 'all',
  statement_timeout: '100ms',
  lock_timeout: '10ms',
  idle_in_transaction_session_timeout: '100ms',
  idle_session_timeout: '100ms',
  transaction_timeout: '1s',
  jit: 'on',
  jit_above_cost: '0',
  jit_inline_above_cost: '0',
  jit_optimize_above_cost: '0',
  plan_cache_mode: 'force_custom_plan',
  enable_bitmapscan: 'off',
  enable_hashagg: 'off',
  enable_incremental_sort: 'off',
  enable_indexonlyscan: 'off',
  enable_indexscan: 'off',
  enable_material: 'off',
  enable_memoize: 'off',
  enable_nestloop: 'off',
  enable_partition_pruning: 'off',
  enable_seqscan: 'on',
  enable_sort: 'off',
  seq_page_cost: '0.001',
  random_page_cost: '1000',
  cpu_tuple_cost: '0.00001',
  cpu_index_tuple_cost: '100',
  parallel_setup_cost: '0',
  parallel_tuple_cost: '0',
  min_parallel_table_scan_size: '0',
  min_parallel_index_scan_size: '0',
  max_parallel_workers_per_gather: '8',
  effective_cache_size: '8kB',
  work_mem: '64kB',
  geqo_threshold: '2',
  from_collapse_limit: '1',
  join_collapse_limit: '1',
  constraint_exclusion: 'off',
  debug_parallel_query: 'on',
  force_parallel_mode: 'on',
  search_path: 'decoy',
};

/** Objects that a statement finds when it looks through the hostile search path. */
export const DECOY = `
  CREATE SCHEMA IF NOT EXISTS decoy;
  CREATE TABLE IF NOT EXISTS decoy.events (id text);
  CREATE TABLE IF NOT EXISTS decoy.webhooks (id text);
  CREATE OR REPLACE FUNCTION decoy.lock_log(text[]) RETURNS void LANGUAGE sql AS '';`;

/** Whether the suites run on databases with hostile defaults (`npm test -- --hostile`). */
export const isHostile = process.env['TEST_HOSTILE'] === 'true';

/** A connection of a test that `neutralise` can use: its first statement must not be ended by a hostile time limit. */
export const NEUTRAL_OPTIONS = isHostile
  ? {
      options:
        '-c statement_timeout=0 -c idle_session_timeout=0 -c idle_in_transaction_session_timeout=0 -c client_encoding=UTF8',
    }
  : {};

/**
 * Gives every setting that a statement may rely on a hostile default: those of the database, or those of the role in it.
 *
 * @param client a superuser's connection to any database of the server
 */
export async function setHostileDefaults(client: pg.Client, of: { database: string; role?: string }): Promise<void> {
  const known = await client.query<{ name: string }>('SELECT name FROM pg_settings');
  const names = new Set(known.rows.map(({ name }) => name.toLowerCase()));
  const database = `DATABASE ${pg.escapeIdentifier(of.database)}`;
  const target = of.role === undefined ? database : `ROLE ${pg.escapeIdentifier(of.role)} IN ${database}`;
  const settings = Object.entries(HOSTILE).filter(([name]) => names.has(name) || name.includes('.'));
  await client.query(settings.map(([name, value]) => `ALTER ${target} SET ${name} = '${value}'`).join(';'));
}

/** Gives a test's own connection PostgreSQL's own values back: tests set up and look at what the code under test did. */
export async function neutralise(client: pg.Client): Promise<void> {
  if (!isHostile) return;
  await client.query(
    `SELECT set_config(name, CASE name WHEN 'TimeZone' THEN 'UTC' ELSE boot_val END, false) FROM pg_settings
     WHERE lower(name) = ANY ($1) AND lower(name) NOT IN ('client_encoding')`,
    [Object.keys(HOSTILE)],
  );
}
