import type { Queryable } from '../database.js';

/** An idempotency key, and the request that it is used for. */
export interface IdempotencyKeyUse {
  owner: string;
  key: string;
  /** SHA-256 of the request that the key is used for. */
  digest: Buffer;
}

/**
 * Binds an owner's key permanently to the request that it is used for. Returns false when it is bound to another request.
 *
 * Of several callers at once one binds the key; the others wait for that one, and are compared with it. A statement that
 * waited could not read the new row, because its snapshot is older. So it updates the row to the same value, and only where
 * the digests are equal.
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
