import type { Queryable } from '../database.js';
import { DELETE_BATCH, deleteInBatches, type DeletedBatch } from './delete-in-batches.js';

/**
 * Removes the entries of the audit log that are older than a number of days, batch by batch, and returns their number. Entries are
 * read in the order of their ids, which is the order of their times but for transactions that ran at once: they end where an entry is younger, so no index by
 * time is needed.
 */
export async function removeAuditEntries(sql: Queryable, days: number, isStopping?: () => boolean): Promise<number> {
  const removeBatch = async (from: string): Promise<DeletedBatch<string>> => {
    const { rows } = await sql.query<{ deleted: number; next: string | null }>({
      name: 'remove_audit_entries',
      text: `
        WITH bound AS MATERIALIZED (
          SELECT now() - make_interval(days => $2) AS at
        ), batch AS MATERIALIZED (
          SELECT ctid AS place, id, at FROM audit_log
          -- In most rounds the first entry is young, and the only one that is read.
          WHERE id >= $1 AND (SELECT first.at FROM audit_log AS first WHERE id >= $1 ORDER BY id LIMIT 1) < (SELECT at FROM bound)
          ORDER BY id LIMIT ${String(DELETE_BATCH)}
        ), old AS MATERIALIZED (
          SELECT place, id FROM batch WHERE at < (SELECT at FROM bound)
        ), removed AS (
          DELETE FROM audit_log WHERE ctid = ANY (ARRAY(SELECT place FROM old))
        )
        SELECT count(*)::int AS deleted, CASE WHEN count(*) = ${String(DELETE_BATCH)} THEN max(id)::text END AS next FROM old`,
      values: [from, days],
    });
    return rows[0] as (typeof rows)[number];
  };
  return deleteInBatches('0', removeBatch, isStopping);
}
