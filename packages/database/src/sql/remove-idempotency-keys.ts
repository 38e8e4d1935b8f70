import type { Queryable } from '../database.js';
import { deleteOlder } from './delete-older.js';

/** Removes the idempotency keys that are older than the retention time and than every period of the log, batch by batch. */
export async function removeIdempotencyKeys(sql: Queryable, retentionDays: number, isStopping?: () => boolean): Promise<number> {
  const before = `least(now() - $2::int * interval '1 day', (SELECT coalesce(starts_at, '-infinity') FROM partitions ORDER BY ends_at LIMIT 1))`;
  return deleteOlder(sql, { table: 'idempotency_keys', before, value: retentionDays }, isStopping);
}
