import type { Queryable } from '../database.js';

/** Where a webhook's requests go, and what signs them. */
export interface Endpoint {
  webhookId: string;
  url: string;
  sealedSecret: Buffer;
  sealedPreviousSecrets: Buffer | null;
  sealedHeaders: Buffer | null;
  /** By the database's clock, in Unix seconds. */
  claimedAt: number;
}

/** One of the user's webhooks, enabled or not; undefined when they have none with this id (I7). */
export async function readEndpoint(sql: Queryable, owner: string, webhookId: string): Promise<Endpoint | undefined> {
  const { rows } = await sql.query<Endpoint>({
    name: 'read_endpoint',
    text: `
      SELECT id AS "webhookId", url, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
        sealed_headers AS "sealedHeaders", floor(extract(epoch FROM clock_timestamp()))::float8 AS "claimedAt"
      FROM webhooks WHERE id = $2 AND owner = $1`,
    values: [owner, webhookId],
  });
  return rows[0];
}
