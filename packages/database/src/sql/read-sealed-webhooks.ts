import type { Queryable } from '../database.js';
import type { SealedWebhook } from './reseal-webhooks.js';

/**
 * Reads a page of the sealed columns of webhooks, in the order of the ids, without locks.
 *
 * @param after id of the last webhook on the page before; an empty string for the first page
 */
export async function readSealedWebhooks(
  sql: Queryable,
  { after, limit }: { after: string; limit: number },
): Promise<SealedWebhook[]> {
  const { rows } = await sql.query<SealedWebhook>(
    `SELECT id, url, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
       sealed_headers AS "sealedHeaders"
     FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows;
}
