import type { Queryable } from '../database.js';

/** How long a registration with an `Idempotency-Key` may be repeated for the same answer, in seconds by the database's clock. */
export const REGISTRATION_KEY_S = 86_400;

/** Deletes the answers of registrations whose `Idempotency-Key` is older than {@link REGISTRATION_KEY_S}, and returns their number. */
export async function forgetRegistrations(sql: Queryable): Promise<number> {
  const { rowCount } = await sql.query({
    name: 'forget_registrations',
    text: 'DELETE FROM registration_keys WHERE created_at <= now() - make_interval(secs => $1::float8)',
    values: [REGISTRATION_KEY_S],
  });
  return rowCount ?? 0;
}
