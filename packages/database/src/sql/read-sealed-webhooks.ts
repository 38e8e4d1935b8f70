import type { Queryable } from '../database.js';
import type { SealedWebhook } from './reseal-webhooks.js';

/**
 * A page of what is sealed, in the order of the ids. Nothing is locked.
 *
 * @param after the id that the page before ended with; an empty text for the first one
 */
export async function readSealedWebhooks(
  sql: Queryable,
  { after, limit }: { after: string; limit: number },
): Promise<SealedWebhook[]> {
  const { rows } = await sql.query<SealedWebhook>(
    `SELECT id, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
       sealed_headers AS "sealedHeaders"
     FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows;
}
