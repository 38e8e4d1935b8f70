import type pg from 'pg';

/** The sealed columns of a webhook. */
export interface SealedWebhook {
  id: string;
  url: string;
  sealedSecret: Buffer;
  sealedPreviousSecrets: Buffer | null;
  sealedHeaders: Buffer | null;
}

/** The columns that hold sealed texts. */
export type SealedColumns = Omit<SealedWebhook, 'id' | 'url'>;

/**
 * Seals the secrets of a page of webhooks again, in one commit. It locks the rows, so that no rotation and no change is
 * overwritten; deliveries continue. The audit log records `secret.resealed`, not a rotation.
 *
 * @param after id of the last webhook on the page before; an empty string for the first page
 * @param reseal returns the new sealed columns of a webhook, or null to leave them unchanged
 * @returns the id of the last webhook on this page, or null when it was the last page
 */
export async function resealWebhooks(
  pool: pg.Pool,
  { after, limit }: { after: string; limit: number },
  reseal: (webhook: SealedWebhook) => SealedColumns | null,
): Promise<string | null> {
  const client = await pool.connect();
  try {
    await client.query(
      "BEGIN; SELECT set_config('tidings.actor', 'tidings reseal', true), set_config('tidings.actor_kind', 'system', true)",
    );
    const { rows } = await client.query<SealedWebhook>(
      `SELECT id, url, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
         sealed_headers AS "sealedHeaders"
       FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE`,
      [after, limit],
    );
    for (const webhook of rows) {
      const sealed = reseal(webhook);
      if (sealed === null) continue;
      await client.query(
        'UPDATE webhooks SET sealed_secret = $2, sealed_previous_secrets = $3, sealed_headers = $4 WHERE id = $1',
        [webhook.id, sealed.sealedSecret, sealed.sealedPreviousSecrets, sealed.sealedHeaders],
      );
    }
    await client.query('COMMIT');
    return rows.length < limit ? null : (rows.at(-1)?.id ?? null);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}
