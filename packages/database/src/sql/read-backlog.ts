import type { Queryable } from '../database.js';

/** What stands at one stage. */
export interface StageBacklog {
  count: number;
  /** For how long the one that is longest due has been so, in milliseconds; 0 when none is due. */
  oldestDueMs: number;
}

/** What waits to be delivered, in all of Tidings. */
export interface Backlog {
  /** Those under way are left out of what is due. */
  admitted: StageBacklog;
  /** The oldest: the one that the reconciler is to look at first. */
  backoff: StageBacklog;
  /** The oldest: of those that are first in line of their webhook. */
  parked: StageBacklog;
  /** How long the reconciler has left a delivery lying that it should have looked at, in milliseconds. */
  overdueMs: number;
  webhooks: {
    enabled: number;
    /** By their owners. */
    disabled: number;
    /** By Tidings. */
    failing: number;
    gone: number;
    operator: number;
    circuitOpen: number;
    /** Those that have deliveries parked. */
    backlogged: number;
  };
}

/**
 * Counts what waits. It reads the partial indexes of the stages, so what has ended costs nothing; of what is parked, which
 * may be a lot, only the index, and the first row of each webhook; of what waits for its time, the one that is to be woken first.
 */
export async function readBacklog(sql: Queryable): Promise<Backlog> {
  const { rows } = await sql.query<{ backlog: Backlog }>({
    name: 'read_backlog',
    text: `
      WITH RECURSIVE admitted AS (
        SELECT count(*), min(next_attempt_at) FILTER (WHERE lease_token IS NULL AND status = 'pending') AS since
        FROM deliveries WHERE stage = 'admitted'
      ), backoff AS (
        SELECT count(*), (
          SELECT next_attempt_at FROM deliveries
          WHERE wake_at IS NOT NULL AND stage = 'backoff' ORDER BY wake_at LIMIT 1
        ) AS since
        FROM deliveries WHERE stage = 'backoff'
      ), line AS (
        (SELECT webhook_id, next_attempt_at FROM deliveries WHERE stage = 'parked' ORDER BY webhook_id, priority, event_position LIMIT 1)
        UNION ALL
        SELECT first.* FROM line CROSS JOIN LATERAL (
          SELECT deliveries.webhook_id, deliveries.next_attempt_at FROM deliveries
          WHERE stage = 'parked' AND deliveries.webhook_id > line.webhook_id ORDER BY webhook_id, priority, event_position LIMIT 1
        ) AS first
      ), parked AS (
        SELECT count(*), (SELECT min(next_attempt_at) FROM line) AS since FROM deliveries WHERE stage = 'parked'
      ), hook AS (
        SELECT count(*) FILTER (WHERE enabled) AS enabled,
          count(*) FILTER (WHERE NOT is_deliverable(webhooks)) AS disabled,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'failing') AS failing,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'gone') AS gone,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'operator') AS operator,
          count(*) FILTER (WHERE enabled AND circuit_opened_at IS NOT NULL) AS "circuitOpen",
          (SELECT count(*) FROM line) AS backlogged
        FROM webhooks
      ), age AS (
        SELECT stage, count, greatest(0, extract(epoch FROM now() - since) * 1000)::float8 AS ms FROM (
          SELECT 'admitted' AS stage, * FROM admitted UNION ALL SELECT 'backoff', * FROM backoff UNION ALL SELECT 'parked', * FROM parked
        ) AS stages
      )
      SELECT json_object_agg(stage, json_build_object('count', count, 'oldestDueMs', coalesce(ms, 0)))::jsonb || jsonb_build_object(
        'overdueMs', greatest(0, extract(epoch FROM now() - (SELECT min(wake_at) FROM deliveries WHERE wake_at IS NOT NULL)) * 1000)::float8,
        'webhooks', (SELECT row_to_json(hook) FROM hook)) AS backlog
      FROM age`,
  });
  return (rows[0] as { backlog: Backlog }).backlog;
}
