import type { Queryable } from '../database.js';
import { IS_ADMITTED } from './is-admitted.js';

/** The pending deliveries at one stage. */
export interface StageBacklog {
  /** Number of deliveries. */
  count: number;
  /** Time since the oldest due delivery became due, in milliseconds; 0 when none is due. */
  oldestDueMs: number;
}

/** All pending deliveries, and the webhooks by their state. */
export interface Backlog {
  /** `oldestDueMs` leaves out requests in flight. */
  admitted: StageBacklog;
  /** `oldestDueMs` is that of the delivery with the earliest wake time. */
  backoff: StageBacklog;
  /** `oldestDueMs` considers the first delivery in line of each webhook. */
  parked: StageBacklog;
  /** Time since the earliest wake time that the reconciler has not yet handled, in milliseconds. */
  overdueMs: number;
  webhooks: {
    enabled: number;
    /** Disabled by their owners. */
    disabled: number;
    /** Disabled by Tidings, because they failed for too long … */
    failing: number;
    /** … or answered 410. */
    gone: number;
    /** Disabled by an operator. */
    operator: number;
    circuitOpen: number;
    /** Webhooks that have parked deliveries. */
    backlogged: number;
  };
}

/**
 * Counts pending deliveries and webhooks. It reads the partial indexes of the stages, so that ended deliveries cost nothing.
 * Of the parked deliveries, which may be many, it reads only the index and the first row of each webhook; of those in backoff,
 * the row with the earliest wake time.
 */
export async function readBacklog(sql: Queryable): Promise<Backlog> {
  const { rows } = await sql.query<{ backlog: Backlog }>({
    name: 'read_backlog',
    text: `
      WITH RECURSIVE admitted AS (
        SELECT count(*), min(next_attempt_at) FILTER (WHERE lease_token IS NULL) AS oldest_due_at
        FROM pending_deliveries WHERE ${IS_ADMITTED}
      ), backoff AS (
        SELECT count(*), (
          SELECT next_attempt_at FROM pending_deliveries
          WHERE wake_at IS NOT NULL AND stage = 'backoff' ORDER BY wake_at LIMIT 1
        ) AS oldest_due_at
        FROM pending_deliveries WHERE stage = 'backoff'
      ), first_parked AS (
        (SELECT webhook_id, next_attempt_at FROM pending_deliveries WHERE stage = 'parked' ORDER BY webhook_id, generation, priority, event_position LIMIT 1)
        UNION ALL
        SELECT next.* FROM first_parked CROSS JOIN LATERAL (
          SELECT pending_deliveries.webhook_id, pending_deliveries.next_attempt_at FROM pending_deliveries
          WHERE stage = 'parked' AND pending_deliveries.webhook_id > first_parked.webhook_id ORDER BY webhook_id, generation, priority, event_position LIMIT 1
        ) AS next
      ), parked AS (
        SELECT count(*), (SELECT min(next_attempt_at) FROM first_parked) AS oldest_due_at FROM pending_deliveries WHERE stage = 'parked'
      ), webhook_counts AS (
        SELECT count(*) FILTER (WHERE enabled) AS enabled,
          count(*) FILTER (WHERE NOT is_deliverable(webhooks)) AS disabled,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'failing') AS failing,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'gone') AS gone,
          count(*) FILTER (WHERE NOT enabled AND disabled_reason = 'operator') AS operator,
          count(*) FILTER (WHERE enabled AND circuit_opened_at IS NOT NULL) AS "circuitOpen",
          (SELECT count(*) FROM first_parked) AS backlogged
        FROM webhooks
      ), stage_backlog AS (
        SELECT stage, count, greatest(0, extract(epoch FROM now() - oldest_due_at) * 1000)::float8 AS due_ms FROM (
          SELECT 'admitted' AS stage, * FROM admitted UNION ALL SELECT 'backoff', * FROM backoff UNION ALL SELECT 'parked', * FROM parked
        ) AS stages
      )
      SELECT json_object_agg(stage, json_build_object('count', count, 'oldestDueMs', coalesce(due_ms, 0)))::jsonb || jsonb_build_object(
        'overdueMs', greatest(0, extract(epoch FROM now() - (
          -- The wake time of a delivery in flight may pass: the reconciler looks at it after the lease.
          SELECT wake_at FROM pending_deliveries WHERE wake_at IS NOT NULL AND (lease_token IS NULL OR leased_until <= now())
          ORDER BY wake_at LIMIT 1)) * 1000)::float8,
        'webhooks', (SELECT row_to_json(webhook_counts) FROM webhook_counts)) AS backlog
      FROM stage_backlog`,
  });
  return (rows[0] as { backlog: Backlog }).backlog;
}
