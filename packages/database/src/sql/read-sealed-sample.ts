import type { Queryable } from '../database.js';
import type { SealedWebhook } from './reseal-webhooks.js';

/** Reads the sealed columns of the oldest and the newest webhooks: up to `each` of both, in the order of their ids. */
export async function readSealedSample(sql: Queryable, each: number): Promise<SealedWebhook[]> {
  const { rows } = await sql.query<SealedWebhook>(
    `SELECT id, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
       sealed_headers AS "sealedHeaders"
     FROM webhooks
     WHERE id IN (
       (SELECT id FROM webhooks ORDER BY id LIMIT $1) UNION ALL (SELECT id FROM webhooks ORDER BY id DESC LIMIT $1)
     ) ORDER BY id`,
    [each],
  );
  return rows;
}
