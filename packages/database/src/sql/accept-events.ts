import type { Queryable } from '../database.js';
import { arrangeCalls, type Call } from './arrange-calls.js';
import { addMissingPeriod } from './keep-partitions.js';

/** An event to accept. */
export interface NewEvent {
  id: string;
  type: string;
  /** The one owner who may see it; null: everyone. */
  owner: string | null;
  /** ISO 8601. */
  timestamp: string;
  /** The payload, as JSON text. */
  data: string;
  /** W3C trace context of its acceptance. Default: null, the event is not traced. */
  traceparent?: string | null;
}

/** An event that was written. */
export interface AcceptedEvent {
  id: string;
  /** Its place in the order of the log. */
  position: number;
}

/** Patterns and times for accepting events. */
export interface AcceptOptions {
  /** For each type among the events, the patterns that match it. */
  patterns: ReadonlyMap<string, readonly string[]>;
  /** Time until the reconciler checks whether a delivery was enqueued, in milliseconds. */
  wakeAfterMs: number;
}

/** The result of several calls that were accepted together. */
export interface AcceptedCalls {
  /** The events that are new in the log, in its order. */
  accepted: AcceptedEvent[];
  /** The new deliveries that have a slot of their webhook, in the same order: they are to be enqueued. */
  deliveryIds: string[];
  /** The position of the event of each of these deliveries. */
  deliveryPositions: number[];
  /** Number of new deliveries, and how many of them are skipped. */
  written: { deliveries: number; skipped: number };
  /**
   * By the number of the call, the ids that the log already has with another type or data, or that the call uses for two
   * events. No event of such a call is written.
   */
  conflicts: Map<number, string[]>;
}

type Row =
  | { kind: 'event'; id: string; position: string }
  | { kind: 'delivery'; id: string; position: string }
  | { kind: 'conflict'; id: string; call: number }
  /** Number of new deliveries (`position`) and of skipped ones (`call`), in the columns of the other rows. */
  | { kind: 'written'; position: string; call: number };

/**
 * Writes the events of many calls, and one delivery for each webhook that matches, in one commit; of each call all events or
 * none. An id that the log already has with the same type and data is not written again, and is missing from the result.
 *
 * `lock_log` holds the lock of the log until the commit, so that positions become visible in their order: a reader that has
 * read up to a position has missed no earlier one. Therefore ids are compared with the log, and positions are given, only
 * after it has returned.
 *
 * A delivery gets one of its webhook's free slots, or is parked: Redis holds about as many deliveries of a webhook as may be
 * in flight, however many events are published at once. Transactions that accept at the same time may each give out the same
 * slot; the claim is exact. For a webhook that Tidings disabled the delivery is written as skipped.
 *
 * If the log has no partition for the present time, because PostgreSQL's clock was moved, the partition is added first.
 */
export async function acceptEvents(
  sql: Queryable,
  calls: readonly (readonly NewEvent[])[],
  options: AcceptOptions,
): Promise<AcceptedCalls> {
  const written = { deliveries: 0, skipped: 0 };
  const result: AcceptedCalls = { accepted: [], deliveryIds: [], deliveryPositions: [], written, conflicts: new Map() };
  let remaining: Call<NewEvent>[] = calls.map((events, number) => ({ number, events }));
  while (remaining.length > 0) {
    const { together, later, contradictory } = arrangeCalls(remaining);
    for (const { number, ids } of contradictory) result.conflicts.set(number, ids);
    const accept = () => acceptTogether(sql, together, options);
    const rows = await accept().catch(async (error: unknown) => {
      if (!isMissingPartition(error)) throw error;
      await addMissingPeriod(sql);
      return accept();
    });
    for (const row of rows) {
      if (row.kind === 'event') result.accepted.push({ id: row.id, position: Number(row.position) });
      else if (row.kind === 'delivery') {
        result.deliveryIds.push(row.id);
        result.deliveryPositions.push(Number(row.position));
      } else if (row.kind === 'written') {
        written.deliveries += Number(row.position);
        written.skipped += row.call;
      } else result.conflicts.set(row.call, [...(result.conflicts.get(row.call) ?? []), row.id]);
    }
    remaining = later;
  }
  return result;
}

/** Tells whether PostgreSQL refused a row because no partition holds it: a check violation without a constraint. */
function isMissingPartition(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23514' && constraint === undefined;
}

async function acceptTogether(
  sql: Queryable,
  calls: readonly Call<NewEvent>[],
  { patterns, wakeAfterMs }: AcceptOptions,
): Promise<Row[]> {
  const events = calls.flatMap((call) => call.events);
  const callNumbers = calls.flatMap((call) => call.events.map(() => call.number));
  const pairs = [...patterns].flatMap(([type, list]) => list.map((pattern) => ({ type, pattern })));
  const { rows } = await sql.query<Row>({
    name: 'accept_events',
    text: `
      WITH known AS MATERIALIZED (
        SELECT * FROM lock_log($1::text[])
      ), offered AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $9::int[], $10::text[])
          WITH ORDINALITY AS offered (id, type, owner, data, timestamp, call, traceparent, ordinal)
      ), conflict AS MATERIALIZED (
        SELECT DISTINCT offered.call, offered.id FROM offered JOIN known USING (id)
        WHERE (offered.type, offered.data) IS DISTINCT FROM (known.type, known.data)
      ), fresh AS (
        SELECT DISTINCT ON (id) offered.* FROM offered
        WHERE NOT EXISTS (SELECT FROM known WHERE known.id = offered.id)
          AND NOT EXISTS (SELECT FROM conflict WHERE conflict.call = offered.call)
        ORDER BY id, ordinal
      ), pattern AS (
        SELECT type, array_agg(pattern) AS patterns FROM unnest($6::text[], $7::text[]) AS pair (type, pattern) GROUP BY type
      ), accepted AS (
        INSERT INTO events (id, position, type, owner, data, timestamp, accepted_at, traceparent)
        SELECT id, nextval('events_position_seq'), type, owner, data::json, timestamp, now(), traceparent
        FROM (SELECT * FROM fresh ORDER BY ordinal) AS fresh
        RETURNING id, position, type, owner, accepted_at
      ), matching AS (
        SELECT accepted.*, webhooks AS webhook FROM accepted JOIN pattern USING (type)
        JOIN webhooks ON webhooks.owner = accepted.owner AND is_deliverable(webhooks) AND event_types && patterns
        UNION ALL
        -- Every id is greater than '', so the primary key is scanned: sequential scans are off (decision 0016).
        SELECT accepted.*, webhooks FROM accepted JOIN pattern USING (type)
        JOIN webhooks ON accepted.owner IS NULL AND webhooks.id > '' AND is_deliverable(webhooks) AND event_types && patterns
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY (webhook).id ORDER BY position) AS rank FROM matching
      ), counted AS (
        -- Counted once for each webhook, in its first row.
        SELECT *, CASE WHEN rank = 1 AND (webhook).enabled
          AND NOT EXISTS (SELECT FROM deliveries WHERE webhook_id = (webhook).id AND stage = 'parked') THEN free_slots(webhook) END AS free
        FROM ranked
      ), staged AS (
        SELECT *, CASE WHEN (webhook).enabled THEN
          CASE WHEN rank <= coalesce(max(free) OVER (PARTITION BY (webhook).id), 0) THEN 'admitted' ELSE 'parked' END END AS stage
        FROM counted
      ), delivery AS (
        INSERT INTO deliveries (id, event_id, event_position, webhook_id, owner, event_type, status, stage, created_at,
          next_attempt_at, wake_at, finished_at)
        SELECT new_delivery_id(accepted_at), id, position, (webhook).id, (webhook).owner, type,
          CASE WHEN (webhook).enabled THEN 'pending' ELSE 'skipped' END::delivery_status, stage::delivery_stage, accepted_at,
          CASE WHEN (webhook).enabled THEN now() END,
          CASE WHEN stage = 'admitted' THEN now() + make_interval(secs => $8::float8 / 1000) END,
          CASE WHEN NOT (webhook).enabled THEN now() END
        FROM staged
        RETURNING id, event_position, stage
      )
      SELECT 'event' AS kind, id, position, NULL::int AS call FROM accepted
      UNION ALL SELECT 'delivery', id, event_position, NULL FROM delivery WHERE stage = 'admitted'
      UNION ALL SELECT 'conflict', id, NULL, call FROM conflict
      UNION ALL SELECT 'written', NULL, count(*), (count(*) FILTER (WHERE stage IS NULL))::int FROM delivery HAVING count(*) > 0
      ORDER BY position`,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ owner }) => owner),
      events.map(({ data }) => data),
      events.map(({ timestamp }) => timestamp),
      pairs.map(({ type }) => type),
      pairs.map(({ pattern }) => pattern),
      wakeAfterMs,
      callNumbers,
      events.map(({ traceparent }) => traceparent ?? null),
    ],
  });
  return rows;
}
