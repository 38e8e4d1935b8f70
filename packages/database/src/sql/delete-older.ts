import type { Queryable } from '../database.js';
import { DELETE_BATCH, deleteInBatches, type DeletedBatch } from './delete-in-batches.js';

/** The tables whose rows have an end, and the column of it, which is the first one of an index. */
const TIMES = {
  activity_minutes: 'minute',
  activity_owners: 'period',
  idempotency_keys: 'created_at',
  registration_keys: 'created_at',
  revocations: 'ends_at',
} as const;

/**
 * Deletes the rows of a table whose time is before `before`, an SQL expression of `$2`, batch by batch and the oldest first, and returns their
 * number.
 */
export async function deleteOlder(
  sql: Queryable,
  { table, before, value }: { table: keyof typeof TIMES; before: string; value: number | Date },
  isStopping?: () => boolean,
): Promise<number> {
  const column = TIMES[table];
  const deleteBatch = async (from: string): Promise<DeletedBatch<string>> => {
    const { rows } = await sql.query<{ deleted: number; next: string | null }>({
      name: `delete_older_${table}`,
      text: `
        WITH batch AS MATERIALIZED (
          SELECT ctid AS place, ${column} AS at FROM ${table} WHERE ${column} >= $1 AND ${column} < ${before}
          ORDER BY ${column} LIMIT ${String(DELETE_BATCH)}
        ), removed AS (
          DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT place FROM batch))
        )
        SELECT count(*)::int AS deleted, CASE WHEN count(*) = ${String(DELETE_BATCH)} THEN max(at)::text END AS next FROM batch`,
      values: [from, value],
    });
    return rows[0] as (typeof rows)[number];
  };
  return deleteInBatches('-infinity', deleteBatch, isStopping);
}
