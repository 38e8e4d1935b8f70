import type { Queryable } from '../database.js';

export interface IdempotencyKeyUse {
  owner: string;
  key: string;
  /** SHA-256 of what the key is used for. */
  digest: Buffer;
}

/**
 * Binds a user's key to what it is used for, for good; false when it is bound to something else. Of many at once one
 * binds it: the others wait for that one and are compared with it. Reading the row afterwards would not do: the snapshot
 * of a statement that waited does not have it. So it is written as it was, and only where it is the same.
 */
export async function bindIdempotencyKey(sql: Queryable, { owner, key, digest }: IdempotencyKeyUse): Promise<boolean> {
  const { rowCount } = await sql.query({
    name: 'bind_idempotency_key',
    text: `
      INSERT INTO idempotency_keys AS bound (owner, key, digest) VALUES ($1, $2, $3)
      ON CONFLICT (owner, key) DO UPDATE SET digest = bound.digest WHERE bound.digest = excluded.digest`,
    values: [owner, key, digest],
  });
  return rowCount === 1;
}
