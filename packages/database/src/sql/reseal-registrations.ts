import type { Queryable } from '../database.js';

/** The sealed answer of a registration that had an `Idempotency-Key`. */
export interface SealedRegistration {
  owner: string;
  key: string;
  webhookId: string;
  sealedAnswer: Buffer;
}

/** Reads the sealed answers of registrations: those of one day, since later ones are forgotten. */
export async function readSealedRegistrations(sql: Queryable): Promise<SealedRegistration[]> {
  const { rows } = await sql.query<SealedRegistration>(
    'SELECT owner, key, webhook_id AS "webhookId", sealed_answer AS "sealedAnswer" FROM registration_keys ORDER BY owner, key',
  );
  return rows;
}

/** Replaces the sealed answer of a registration, unless another registration has taken its key meanwhile. */
export async function resealRegistration(
  sql: Queryable,
  { owner, key, webhookId, sealedAnswer }: SealedRegistration,
): Promise<void> {
  await sql.query('UPDATE registration_keys SET sealed_answer = $4 WHERE owner = $1 AND key = $2 AND webhook_id = $3', [
    owner,
    key,
    webhookId,
    sealedAnswer,
  ]);
}
