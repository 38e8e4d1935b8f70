import type pg from 'pg';
import { withTimeout } from './with-timeout.js';

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

/**
 * Builds indexes in the partitions that lack them, without a lock that writers wait for: an upgrade leaves out large partitions.
 * Returns the names of the indexes that it built.
 */
export async function buildIndexes(pool: Pick<pg.Pool, 'connect'>): Promise<string[]> {
  return withTimeout(pool, TIMEOUT_MS, async (run) => {
    const built: string[] = [];
    for (const { name, table, suffix, columns } of INDEXES) {
      const { rows } = await run<{ partition: string }>({
        text: `
          SELECT relname AS partition FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
          WHERE inhparent = '${table}'::regclass AND NOT EXISTS (
            SELECT FROM pg_index JOIN pg_inherits AS attached ON attached.inhrelid = indexrelid
            WHERE indrelid = pg_class.oid AND attached.inhparent = '${name}'::regclass AND indisvalid
          ) ORDER BY relname`,
      });
      for (const { partition } of rows) {
        const index = `${partition}_${suffix}`;
        // One that an interrupted build left behind is not valid.
        await run({ text: `DROP INDEX CONCURRENTLY IF EXISTS ${index}` });
        await run({ text: `CREATE INDEX CONCURRENTLY ${index} ON ${partition} ${columns}` });
        await run({ text: `ALTER INDEX ${name} ATTACH PARTITION ${index}` });
        built.push(index);
      }
    }
    return built;
  });
}
