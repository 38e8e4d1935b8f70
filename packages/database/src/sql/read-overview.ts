import type { Queryable } from '../database.js';

/** The pending deliveries and the webhooks of the whole installation, counted. */
export interface Overview {
  /** Pending deliveries by stage. */
  admitted: number;
  backoff: number;
  parked: number;
  /** When the event of the oldest pending delivery was accepted; null: none is pending. */
  oldestPendingAt: Date | null;
  /** All webhooks, and those in each state. A webhook may be in several states. */
  webhooks: number;
  enabled: number;
  disabled: number;
  failing: number;
  circuitOpen: number;
  paused: number;
}

type Row = Record<Exclude<keyof Overview, 'oldestPendingAt'>, string> & Pick<Overview, 'oldestPendingAt'>;

/** Counts pending deliveries and webhooks. It reads every row of both: for people, not for each event. */
export async function readOverview(sql: Queryable): Promise<Overview> {
  const { rows } = await sql.query<Row>({
    name: 'read_overview',
    text: `
      SELECT * FROM (
        SELECT (SELECT count(*) FROM deliveries WHERE stage = 'admitted') AS admitted,
          (SELECT count(*) FROM deliveries WHERE stage = 'backoff') AS backoff,
          (SELECT count(*) FROM deliveries WHERE stage = 'parked') AS parked,
          least((SELECT min(created_at) FROM deliveries WHERE stage = 'admitted'),
            (SELECT min(created_at) FROM deliveries WHERE stage = 'backoff'),
            (SELECT min(created_at) FROM deliveries WHERE stage = 'parked')) AS "oldestPendingAt"
      ) AS delivery_counts, (
        SELECT count(*) AS webhooks, count(*) FILTER (WHERE enabled) AS enabled, count(*) FILTER (WHERE NOT enabled) AS disabled,
          count(*) FILTER (WHERE enabled AND failing_since IS NOT NULL) AS failing,
          count(*) FILTER (WHERE enabled AND circuit_opened_at IS NOT NULL) AS "circuitOpen",
          count(*) FILTER (WHERE paused_at IS NOT NULL) AS paused
        FROM webhooks
      ) AS webhook_counts`,
  });
  const { oldestPendingAt, ...counts } = rows[0] as Row;
  return { ...(mapValues(counts) as Omit<Overview, 'oldestPendingAt'>), oldestPendingAt };
}

const mapValues = (counts: Record<string, string>) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
