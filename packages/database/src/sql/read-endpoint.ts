import type { Queryable } from '../database.js';

/** The URL of a webhook, and the sealed secrets and headers for its requests. */
export interface Endpoint {
  webhookId: string;
  url: string;
  sealedSecret: Buffer;
  sealedPreviousSecrets: Buffer | null;
  sealedHeaders: Buffer | null;
  /** Time of the read by the database's clock, in Unix seconds. */
  claimedAt: number;
}

/**
 * Reads the endpoint of one of the owner's webhooks, enabled or not; undefined when the owner has no such webhook (I7), or when it
 * waits until its URL is verified: it gets nothing but challenges.
 */
export async function readEndpoint(sql: Queryable, owner: string, webhookId: string): Promise<Endpoint | undefined> {
  const { rows } = await sql.query<Endpoint>({
    name: 'read_endpoint',
    text: `
      SELECT id AS "webhookId", url, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
        sealed_headers AS "sealedHeaders", floor(extract(epoch FROM clock_timestamp()))::float8 AS "claimedAt"
      FROM webhooks WHERE id = $2 AND owner = $1 AND unverified_since IS NULL`,
    values: [owner, webhookId],
  });
  return rows[0];
}
