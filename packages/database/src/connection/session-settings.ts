/** A setting of PostgreSQL that every session has, whatever the server, the database, the role or the URL says. */
interface Setting {
  name: string;
  value: string;
  /** The first version that has it; default: all that are supported. */
  since?: number;
  /** The first version without it. */
  until?: number;
}

/** Settings by name. They are not in the documentation of a statement, because every statement may rely on them. */
export type Settings = Readonly<Record<string, string>>;

/** Texts of values: how they are read and written. The driver and the SQL functions rely on these forms. */
const FORMATS: Settings = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  lc_numeric: 'C',
  lc_time: 'C',
  lc_monetary: 'C',
  client_min_messages: 'warning',
};

/** What a transaction is, and what its commit promises. A 202 means a commit on disk, so `synchronous_commit` is never off. */
const TRANSACTIONS: Settings = {
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  row_security: 'on',
  default_table_access_method: 'heap',
  check_function_bodies: 'on',
  exit_on_error: 'off',
  gin_fuzzy_search_limit: '0',
  'plpgsql.extra_errors': 'none',
  'plpgsql.extra_warnings': 'none',
  'plpgsql.check_asserts': 'on',
};

/** The planner's settings as PostgreSQL ships them, except JIT: compiling takes longer than any statement of ours. */
const PLANNER: Settings = {
  jit: 'off',
  plan_cache_mode: 'auto',
  enable_bitmapscan: 'on',
  enable_gathermerge: 'on',
  enable_hashagg: 'on',
  enable_hashjoin: 'on',
  enable_incremental_sort: 'on',
  enable_indexonlyscan: 'on',
  enable_indexscan: 'on',
  enable_material: 'on',
  enable_mergejoin: 'on',
  enable_nestloop: 'on',
  enable_parallel_append: 'on',
  enable_parallel_hash: 'on',
  enable_partition_pruning: 'on',
  enable_partitionwise_aggregate: 'off',
  enable_partitionwise_join: 'off',
  enable_seqscan: 'on',
  enable_sort: 'on',
  enable_tidscan: 'on',
  seq_page_cost: '1',
  random_page_cost: '4',
  cpu_tuple_cost: '0.01',
  cpu_index_tuple_cost: '0.005',
  cpu_operator_cost: '0.0025',
  parallel_setup_cost: '1000',
  parallel_tuple_cost: '0.1',
  min_parallel_table_scan_size: '8MB',
  min_parallel_index_scan_size: '512kB',
  max_parallel_workers_per_gather: '2',
  effective_cache_size: '4GB',
  work_mem: '4MB',
  hash_mem_multiplier: '2',
  geqo: 'on',
  geqo_threshold: '12',
  geqo_effort: '5',
  geqo_pool_size: '0',
  geqo_generations: '0',
  geqo_selection_bias: '2',
  geqo_seed: '0',
  from_collapse_limit: '8',
  join_collapse_limit: '8',
  cursor_tuple_fraction: '0.1',
  constraint_exclusion: 'partition',
};

/** No time limit; `openDatabase` sets its own. */
const LIMITS: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/**
 * Settings that not every supported version has: a server ends a connection that names an unknown one when it begins. Those of
 * version 14 are here so that an older server accepts the connection, which then finds its version too old, and names it.
 */
const OF_SOME_VERSIONS: readonly Setting[] = [
  { name: 'enable_memoize', value: 'on', since: 14 },
  { name: 'idle_session_timeout', value: '0', since: 14 },
  { name: 'transaction_timeout', value: '0', since: 17 },
  { name: 'restrict_nonsystem_relation_kind', value: '', since: 17 },
  { name: 'enable_presorted_aggregate', value: 'on', since: 16 },
  { name: 'enable_group_by_reordering', value: 'on', since: 17 },
  { name: 'enable_distinct_reordering', value: 'on', since: 18 },
  { name: 'enable_self_join_elimination', value: 'on', since: 18 },
  { name: 'recursive_worktable_factor', value: '10', since: 15 },
  { name: 'force_parallel_mode', value: 'off', until: 16 },
  { name: 'debug_parallel_query', value: 'off', since: 16 },
];

/** The settings of a session that migrates: PostgreSQL's own plans, and no time limit. */
export const MIGRATION_SETTINGS: Settings = { ...FORMATS, ...TRANSACTIONS, ...PLANNER, ...LIMITS };

/**
 * The settings of a session that runs the statements in `sql/`.
 *
 * Statements are prepared once for each connection, so a plan that was made for small tables would stay when the tables have
 * grown. Every statement looks rows up by key, so PostgreSQL may use only nested loops over indexes. All parameters share one
 * plan: otherwise PostgreSQL would plan a statement again for each array length, which takes longer than running it (measured).
 */
export const STATEMENT_SETTINGS: Settings = {
  ...MIGRATION_SETTINGS,
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
};

/** The names of all settings that Tidings gives a session, in lower case. A URL must not set them. */
export const PINNED: ReadonlySet<string> = new Set([
  ...Object.keys(MIGRATION_SETTINGS),
  ...OF_SOME_VERSIONS.map(({ name }) => name),
  'session_replication_role',
  'tidings.session',
]);

/**
 * Returns the words of the start-up parameter `options` that set these settings. They take precedence over those of the server,
 * the database and the role, and cost no round trip. Settings of some versions are left out (`versionSettings`).
 */
export function startupWords(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Joins words to the text of the start-up parameter `options`. */
export function startupOptions(words: readonly string[]): string {
  return words.map((word) => word.replace(/[\s\\]/g, '\\$&')).join(' ');
}

/** Returns the settings that this version has and some supported versions lack. */
export function versionSettings(version: number): Settings {
  const present = OF_SOME_VERSIONS.filter(({ since = 0, until = Infinity }) => since <= version && version < until);
  return Object.fromEntries(present.map(({ name, value }) => [name, value]));
}

/** Returns an expression that sets the settings that only the server's own version has, for the rest of the session. */
export function setVersionSettings(): string {
  const calls = OF_SOME_VERSIONS.map(({ name, value, since = 0, until = 1000 }) => {
    const isPresent = `version >= ${String(since * 10_000)} AND version < ${String(until * 10_000)}`;
    return `CASE WHEN ${isPresent} THEN set_config('${name}', '${value}', false) END`;
  });
  return `concat(${calls.join(', ')})`;
}

/** Returns the statements that give the present transaction these settings. */
export function setLocally(settings: Settings): string {
  // The defaults of transactions are no settings of the one that runs: BEGIN names them.
  const names = Object.entries(settings).filter(([name]) => !name.startsWith('default_transaction_'));
  return names.map(([name, value]) => `SET LOCAL ${name} = '${value.replaceAll("'", "''")}'`).join('; ');
}
