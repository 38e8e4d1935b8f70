import type pg from 'pg';
import { withTimeout } from './with-timeout.js';

const INDEX = 'attempts_hour_webhook_id_idx';
/** Building an index of a large partition takes minutes. */
const TIMEOUT_MS = 1_800_000;

/**
 * Builds the index of attempts by hour in the partitions that lack it, without a lock that writers wait for: an upgrade leaves
 * out large partitions. Returns the names of these partitions. Until all have the index, the statistics lack the open hours.
 */
export async function indexAttempts(pool: Pick<pg.Pool, 'connect'>): Promise<string[]> {
  return withTimeout(pool, TIMEOUT_MS, async (run) => {
    const { rows } = await run<{ name: string }>({
      text: `
        SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'attempts'::regclass AND NOT EXISTS (
          SELECT FROM pg_index JOIN pg_inherits AS attached ON attached.inhrelid = indexrelid
          WHERE indrelid = pg_class.oid AND attached.inhparent = '${INDEX}'::regclass AND indisvalid
        ) ORDER BY relname`,
    });
    for (const { name } of rows) {
      const index = `${name}_hour_webhook_id_idx`;
      // One that an interrupted build left behind is not valid.
      await run({ text: `DROP INDEX CONCURRENTLY IF EXISTS ${index}` });
      await run({ text: `CREATE INDEX CONCURRENTLY ${index} ON ${name} (hour, webhook_id)` });
      await run({ text: `ALTER INDEX ${INDEX} ATTACH PARTITION ${index}` });
    }
    return rows.map(({ name }) => name);
  });
}
