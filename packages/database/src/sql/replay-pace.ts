import type { Queryable } from '../database.js';

/** More webhooks at one host are not counted. */
const MAX_COUNTED = 10_000;

/** Returns how many other webhooks at this host have replayed deliveries that are not due yet; at most 10,000 are counted. */
export async function countReplays(sql: Queryable, destination: string, webhookId: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>({
    name: 'count_replays',
    text: `
      SELECT count(*)::int AS count FROM (
        SELECT FROM replays WHERE destination = $1 AND until > now() AND webhook_id <> $2 LIMIT ${String(MAX_COUNTED)}
      ) AS bounded`,
    values: [destination, webhookId],
  });
  return rows[0]?.count ?? 0;
}

/**
 * Notes that deliveries to the host of a webhook are replayed, until the time up to which its replays are planned; before they
 * are planned, for a minute: replays that begin together count each other.
 *
 * @param forAtLeastS for how long it counts at least, in seconds; 0 for a replay that found nothing
 */
export async function noteReplay(sql: Queryable, destination: string, webhookId: string, forAtLeastS = 60): Promise<void> {
  await sql.query({
    name: 'note_replay',
    text: `
      INSERT INTO replays (webhook_id, destination, until)
      SELECT id, $1, greatest(replay_next_at, now() + make_interval(secs => $3::float8)) FROM webhooks WHERE id = $2
      ON CONFLICT (webhook_id) DO UPDATE SET destination = excluded.destination, until = excluded.until`,
    values: [destination, webhookId, forAtLeastS],
  });
}
