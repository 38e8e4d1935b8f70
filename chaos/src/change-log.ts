import { startHistory } from './history.js';
import type { ChangedWebhook, LoggedAttempt, LoggedChange } from './judge-changes.js';
import type { Registration } from './ledger.js';
import { query } from './servers.js';
import type { System } from './system.js';

/** The settings of a webhook that was registered before the run, and is changed by the scenario. */
export function registeredBefore({ id, owner, types }: Registration, path: string, maxInFlight = 10): ChangedWebhook {
  return {
    id,
    owner,
    enabled: startHistory(true),
    paused: startHistory(false),
    types: startHistory(types),
    ordering: startHistory<'unordered' | 'fifo'>('unordered'),
    maxInFlight: startHistory(maxInFlight),
    path: startHistory(path),
    rateLimit: null,
  };
}

export function readDeliveries({ databaseUrl }: System): Promise<LoggedChange[]> {
  return query<LoggedChange & Record<string, unknown>>(
    databaseUrl,
    `SELECT event_id AS event, webhook_id AS webhook, event_position::float8 AS position, status::text AS status, replay AS "isReplay"
    FROM deliveries`,
  );
}

export async function readAttempts({ databaseUrl }: System): Promise<LoggedAttempt[]> {
  const rows = await query<LoggedAttempt & Record<string, unknown>>(
    databaseUrl,
    `SELECT event_id AS event, deliveries.webhook_id AS webhook, number, attempts.replay AS "isReplay", status_code IS NOT NULL AS "isAnswered",
      (extract(epoch FROM started_at) * 1000)::float8 AS "startedAtMs", duration_ms AS "durationMs"
    FROM attempts JOIN deliveries ON deliveries.id = delivery_id`,
  );
  return rows.map((row) => ({ ...row, startedAtMs: row.startedAtMs - performance.timeOrigin }));
}
