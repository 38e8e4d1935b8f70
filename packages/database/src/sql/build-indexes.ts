import type pg from 'pg';
import { withTimeout, type Run } from './with-timeout.js';

/** An index that an upgrade adds to partitioned tables: the migration builds it in small partitions only. */
interface AddedIndex {
  name: string;
  table: string;
  /** The name in a partition: the partition's, and this. */
  suffix: string;
  columns: string;
}

const INDEXES: readonly AddedIndex[] = [
  // Without it the statistics lack the open hours.
  { name: 'attempts_hour_webhook_id_idx', table: 'attempts', suffix: 'hour_webhook_id_idx', columns: '(hour, webhook_id)' },
  // Without it owners' pages of the log read the events of all owners.
  {
    name: 'events_everyone_idx',
    table: 'events',
    suffix: 'position_idx',
    columns: '(position) WHERE owner IS NULL',
  },
];
/** Building an index of a large partition takes minutes. */
const TIMEOUT_MS = 1_800_000;
const MS_OF = { '': 1, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The changes of one call. */
export interface BuiltIndexes {
  /** The indexes that were built. */
  built: string[];
  /** The partitions whose indexes this connection cannot build, and why. Empty: no index is missing. */
  left: { index: string; reason: string }[];
}

/**
 * Builds indexes in the partitions that lack them, without a lock that writers wait for: an upgrade leaves out large partitions.
 * Leaves out those that only another role or another connection can build.
 *
 * `CREATE INDEX CONCURRENTLY` runs in no transaction. So no function with the rights of the tables' owner can run it, and behind a
 * transaction pooler it runs in a session without the settings of Tidings: every name has its schema.
 */
export async function buildIndexes(pool: Pick<pg.Pool, 'connect'>): Promise<BuiltIndexes> {
  return withTimeout(pool, TIMEOUT_MS, async (run) => {
    const done: BuiltIndexes = { built: [], left: [] };
    const limit = await readTimeLimit(run);
    for (const { name, table, suffix, columns } of INDEXES) {
      const { rows } = await run<{ schema: string; partition: string; owner: string; isOwner: boolean; role: string }>({
        text: `
          SELECT quote_ident(nspname) AS schema, relname AS partition, pg_get_userbyid(relowner) AS owner,
            pg_has_role(relowner, 'USAGE') AS "isOwner", current_user AS role
          FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
          WHERE inhparent = '${table}'::regclass AND NOT EXISTS (
            SELECT FROM pg_index JOIN pg_inherits AS attached ON attached.inhrelid = indexrelid
            WHERE indrelid = pg_class.oid AND attached.inhparent = '${name}'::regclass AND indisvalid
          ) ORDER BY relname`,
      });
      for (const { schema, partition, owner, isOwner, role } of rows) {
        const index = `${partition}_${suffix}`;
        if (!isOwner) {
          done.left.push({ index, reason: `the table belongs to the role "${owner}", not to "${role}"` });
        } else if (limit !== null) {
          done.left.push({ index, reason: `the pooler's sessions have statement_timeout = ${limit}` });
        } else {
          // It waits for the transactions of others, which may take as long as it does. Attaching takes a lock that others wait for.
          await run({ text: 'SET lock_timeout = 0' });
          // One that an interrupted build left behind is not valid.
          await run({ text: `DROP INDEX CONCURRENTLY IF EXISTS ${schema}.${index}` });
          await run({ text: `CREATE INDEX CONCURRENTLY ${index} ON ${schema}.${partition} ${columns}` });
          await run({ text: 'RESET lock_timeout' });
          await run({ text: `ALTER INDEX ${schema}.${name} ATTACH PARTITION ${schema}.${index}` });
          done.built.push(index);
        }
      }
    }
    return done;
  });
}

/**
 * Reads the time limit that a statement in no transaction has, such as `10s`: behind a pooler, that of the server or of the database. Null
 * when an index can be built within it.
 */
async function readTimeLimit(run: Run): Promise<string | null> {
  const { rows } = await run<{ statement_timeout: string }>({ text: 'SHOW statement_timeout' });
  const limit = rows[0]?.statement_timeout ?? '0';
  const [, value = '0', unit = ''] = /^(\d+)(\D*)$/.exec(limit) ?? [];
  const ms = Number(value) * MS_OF[unit as keyof typeof MS_OF];
  return ms === 0 || ms >= TIMEOUT_MS ? null : limit;
}
