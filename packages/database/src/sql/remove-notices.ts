import type { Queryable } from '../database.js';
import { DELETE_BATCH, deleteInBatches, type DeletedBatch } from './delete-in-batches.js';

/** Removes the notices of periods that were dropped, batch by batch, and returns their number. The log has few periods: each is looked for in the index. */
export async function removeNotices(sql: Queryable, isStopping?: () => boolean): Promise<number> {
  const removeBatch = async (): Promise<DeletedBatch<true>> => {
    const { rowCount } = await sql.query({
      name: 'remove_notices',
      text: `
        WITH RECURSIVE noted AS (
          SELECT min(period) AS name FROM expiry_notices
          UNION ALL
          SELECT (SELECT min(period) FROM expiry_notices WHERE period > noted.name) FROM noted WHERE noted.name IS NOT NULL
        )
        DELETE FROM expiry_notices WHERE ctid = ANY (ARRAY(
          SELECT expiry_notices.ctid FROM expiry_notices
          WHERE period = (SELECT min(name) FROM noted WHERE NOT EXISTS (SELECT FROM partitions WHERE partitions.name = noted.name))
          LIMIT ${String(DELETE_BATCH)}
        ))`,
    });
    const deleted = rowCount ?? 0;
    return { deleted, next: deleted === 0 ? null : true };
  };
  return deleteInBatches(true as const, removeBatch, isStopping);
}
