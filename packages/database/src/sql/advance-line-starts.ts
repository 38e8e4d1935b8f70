import type { Queryable } from '../database.js';
import { DELETE_BATCH, deleteInBatches, type DeletedBatch } from './delete-in-batches.js';

/**
 * Advances the line starts of these webhooks (`line_start`), so that look-ups do not read where nothing is pending: what they
 * read then follows from the deliveries since the last call, however long a vacuum is held back.
 *
 * A start is the position of the webhook's first pending delivery of priority 0, whatever its stage; or, if none is pending, the
 * position behind the log's last event. Nothing of priority 0 can become pending before it: positions become visible in their
 * order, and a start stays behind no event that is still to be expanded. Deliveries that wait to be ended, of an earlier
 * generation, are not looked for by position.
 */
export async function advanceLineStarts(sql: Queryable, webhookIds: readonly string[]): Promise<void> {
  await sql.query({
    name: 'advance_line_starts',
    text: `
      WITH bound AS MATERIALIZED (
        SELECT least((SELECT min(event_position) FROM expansions), (SELECT max(position) + 1 FROM events)) AS position
      ), started AS MATERIALIZED (
        SELECT webhooks.id, line_start(webhooks.id) AS earlier, least(bound.position,
          (SELECT event_position FROM pending_deliveries
            WHERE webhook_id = webhooks.id AND stage = 'admitted' AND priority = 0 AND event_position >= line_start(webhooks.id)
            ORDER BY event_position LIMIT 1),
          (SELECT event_position FROM pending_deliveries
            WHERE webhook_id = webhooks.id AND generation = webhooks.generation AND stage = 'parked' AND priority = 0
              AND event_position >= line_start(webhooks.id) ORDER BY event_position LIMIT 1),
          (SELECT event_position FROM pending_deliveries
            WHERE webhook_id = webhooks.id AND generation = webhooks.generation AND stage = 'backoff' AND priority = 0
              AND event_position >= line_start(webhooks.id) ORDER BY event_position LIMIT 1)
        ) AS position
        FROM unnest($1::text[]) AS wanted (id) JOIN webhooks USING (id) CROSS JOIN bound
      )
      -- In the order of their ids: of two workers that add the same ones, neither waits for the other in a circle.
      INSERT INTO line_starts (webhook_id, position)
      SELECT id, position FROM started WHERE position > earlier ORDER BY id ON CONFLICT DO NOTHING`,
    values: [webhookIds],
  });
}

/**
 * Removes the line starts that a higher one of the same webhook has replaced, and those of deleted webhooks, and returns their
 * number. Each statement looks at a batch in the order of the webhooks; the rest of the last one's is left to the next call.
 */
export async function removeEarlierLineStarts(sql: Queryable, isStopping?: () => boolean): Promise<number> {
  const removeBatch = async (from: string): Promise<DeletedBatch<string>> => {
    const { rows } = await sql.query<{ deleted: number; next: string | null }>({
      name: 'remove_earlier_line_starts',
      text: `
        WITH batch AS MATERIALIZED (
          SELECT ctid AS place, webhook_id, position FROM line_starts WHERE webhook_id > $1
          ORDER BY webhook_id, position DESC LIMIT ${String(DELETE_BATCH)}
        ), removed AS (
          DELETE FROM line_starts WHERE ctid = ANY (ARRAY(
            SELECT place FROM batch
            WHERE position < line_start(webhook_id) OR (SELECT id FROM webhooks WHERE id = webhook_id) IS NULL
          )) RETURNING 1
        )
        SELECT (SELECT count(*)::int FROM removed) AS deleted,
          CASE WHEN count(*) = ${String(DELETE_BATCH)} THEN max(webhook_id) END AS next FROM batch`,
      values: [from],
    });
    return rows[0] as (typeof rows)[number];
  };
  return deleteInBatches('', removeBatch, isStopping);
}
