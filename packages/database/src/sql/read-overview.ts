import type { Queryable } from '../database.js';

/** The pending deliveries and the webhooks of the whole installation, counted. */
export interface Overview {
  /** Pending deliveries by stage; at most 100,000 of each are counted. */
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
  unverified: number;
}

type Row = Record<Exclude<keyof Overview, 'oldestPendingAt'>, string> & Pick<Overview, 'oldestPendingAt'>;

/** Maximum number of pending deliveries of each stage that are counted: it bounds the cost. */
const MAX_COUNTED = 100_000;

/**
 * Counts pending deliveries, up to 100,000 of each stage, and webhooks. Deliveries whose webhook was disabled are among them until
 * workers have ended them. It reads every webhook's row: for people, not for each event.
 */
export async function readOverview(sql: Queryable): Promise<Overview> {
  const { rows } = await sql.query<Row>({
    name: 'read_overview',
    text: `
      SELECT * FROM (
        SELECT ${counted('admitted')} AS admitted, ${counted('backoff')} AS backoff, ${counted('parked')} AS parked,
          -- Ids begin with the time.
          (SELECT created_at FROM pending_deliveries ORDER BY delivery_id LIMIT 1) AS "oldestPendingAt"
      ) AS delivery_counts, (
        SELECT count(*) AS webhooks, count(*) FILTER (WHERE enabled) AS enabled, count(*) FILTER (WHERE NOT enabled) AS disabled,
          count(*) FILTER (WHERE enabled AND failing_since IS NOT NULL) AS failing,
          count(*) FILTER (WHERE enabled AND circuit_opened_at IS NOT NULL) AS "circuitOpen",
          count(*) FILTER (WHERE paused_at IS NOT NULL) AS paused,
          count(*) FILTER (WHERE unverified_since IS NOT NULL) AS unverified
        FROM webhooks
      ) AS webhook_counts`,
  });
  const { oldestPendingAt, ...counts } = rows[0] as Row;
  return { ...(mapValues(counts) as Omit<Overview, 'oldestPendingAt'>), oldestPendingAt };
}

function counted(stage: string): string {
  return `(SELECT count(*) FROM (SELECT FROM pending_deliveries WHERE stage = '${stage}' LIMIT ${String(MAX_COUNTED)}) AS some_of_them)`;
}

const mapValues = (counts: Record<string, string>) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
