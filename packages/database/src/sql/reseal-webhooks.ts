import type pg from 'pg';

/** The sealed columns of a webhook. */
export interface SealedWebhook {
  id: string;
  sealedSecret: Buffer;
  sealedPreviousSecrets: Buffer | null;
  sealedHeaders: Buffer | null;
}

/**
 * Seals a page of webhooks anew, in one commit. The rows are locked meanwhile, so that no rotation and no change is
 * overwritten; deliveries go on. The audit log says that secrets were sealed anew, not that they were rotated.
 *
 * @param after the id that the page before ended with; an empty text for the first one
 * @param reseal what a row is to hold, or null to leave it as it is
 * @returns the id that this page ended with, or null when it was the last one
 */
export async function resealWebhooks(
  pool: pg.Pool,
  { after, limit }: { after: string; limit: number },
  reseal: (webhook: SealedWebhook) => Omit<SealedWebhook, 'id'> | null,
): Promise<string | null> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN; SELECT set_config('tidings.actor', 'tidings reseal', true)");
    const { rows } = await client.query<SealedWebhook>(
      `SELECT id, sealed_secret AS "sealedSecret", sealed_previous_secrets AS "sealedPreviousSecrets",
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
