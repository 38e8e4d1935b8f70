import type { Queryable } from '../database.js';
import { deleteOlder } from './delete-older.js';

/** How long a registration with an `Idempotency-Key` may be repeated for the same answer, in seconds by the database's clock. */
export const REGISTRATION_KEY_S = 86_400;

/**
 * Deletes the answers of registrations whose `Idempotency-Key` is older than {@link REGISTRATION_KEY_S}, batch by batch, and returns
 * their number.
 */
export async function forgetRegistrations(sql: Queryable, isStopping?: () => boolean): Promise<number> {
  const before = "now() - $2::float8 * interval '1 s'";
  return deleteOlder(sql, { table: 'registration_keys', before, value: REGISTRATION_KEY_S }, isStopping);
}
