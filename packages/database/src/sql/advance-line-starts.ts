import type { Queryable } from '../database.js';

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

/** Removes the line starts that a higher one of the same webhook has replaced, and those of deleted webhooks. */
export async function removeEarlierLineStarts(sql: Queryable): Promise<void> {
  await sql.query({
    name: 'remove_earlier_line_starts',
    text: `
      DELETE FROM line_starts
      WHERE position < line_start(webhook_id) OR NOT EXISTS (SELECT FROM webhooks WHERE id = webhook_id)`,
  });
}
