import type { Queryable } from '../database.js';
import { arrangeCalls, type Call, type SameData } from './arrange-calls.js';
import { addMissingPeriod } from './keep-partitions.js';
import { writeDeliveries } from './write-deliveries.js';

/** An event to accept. */
export interface NewEvent {
  id: string;
  type: string;
  /** The version of its type. Default 1. */
  version?: number;
  /** Whether this version is above the default one: only webhooks that name it get the event. Default false. */
  isPreview?: boolean;
  /** The revision of its type by which it was validated. Default: none, the type is not in the registry, as those of Tidings itself. */
  typeRevision?: string | null;
  /** The one owner who may see it; null: everyone. */
  owner: string | null;
  /** ISO 8601. */
  timestamp: string;
  /** The payload, as JSON text. */
  data: string;
  /** W3C trace context of its acceptance. Default: null, the event is not traced. */
  traceparent?: string | null;
  /** Who published it over HTTP. Default: null, it came from the queue, an outbox or Tidings itself. */
  publishedBy?: string | null;
}

/** An event that was written. */
export interface AcceptedEvent {
  id: string;
  /** Its place in the order of the log. */
  position: number;
}

/** Patterns, times and bounds for accepting events. */
export interface AcceptOptions {
  /** For each type among the events, the patterns without a version that match it; none: no webhook gets its events. */
  patterns: ReadonlyMap<string, readonly string[]>;
  /** Time until the reconciler checks whether a delivery was enqueued, in milliseconds. */
  wakeAfterMs: number;
  /**
   * How many deliveries may be admitted besides the first one of each idle webhook; the others are parked. It keeps the line
   * in Redis short. Default: as many as have a slot.
   */
  admitAtMost?: number | undefined;
  /** Whether two texts of data have the same value. Default: whether they are the same text. */
  isSameData?: SameData | undefined;
}

/** A new delivery that has a slot of its webhook: it is to be enqueued. */
export interface AcceptedDelivery {
  id: string;
  /** The position of its event. */
  position: number;
  /** Whether its webhook was idle: then it comes before the deliveries of webhooks that have others waiting. */
  first: boolean;
}

/** The result of several calls that were accepted together. */
export interface AcceptedCalls {
  /** The events that are new in the log, in its order. */
  accepted: AcceptedEvent[];
  /** The new deliveries that are to be enqueued, in the same order. */
  admitted: AcceptedDelivery[];
  /** Number of new deliveries, and how many of them are skipped. */
  written: { deliveries: number; skipped: number };
  /** Number of events that many webhooks match: workers write their deliveries. */
  expanding: number;
  /**
   * By the number of the call, the ids that the log already has with another type or with data of another value, or that the call uses for two
   * events. No event of such a call is written.
   */
  conflicts: Map<number, string[]>;
  /** The numbers of the calls that were validated by another revision of a type than the present one: no event of such a call is written. */
  stale: Set<number>;
}

/** The columns of the one row that the statement returns. */
interface Row {
  accepted: AcceptedEvent[];
  admitted: AcceptedDelivery[];
  deliveries: number;
  skipped: number;
  expanding: number;
  /** The events of a call that the log has with another text. `logged`: the text; null: it cannot be of the same value. */
  conflicts: Conflict[];
  /** The revisions of types that are not the present ones. Then nothing is written. */
  stale: Revision[];
}

interface Revision {
  type: string;
  revision: string;
}

interface Conflict {
  call: number;
  id: string;
  logged: string | null;
}

/** An event that more webhooks match is expanded by workers. */
export const MAX_WEBHOOKS_AN_EVENT = 100;
/** So are further events of a commit that has written as many deliveries. */
export const MAX_DELIVERIES_A_COMMIT = 5000;
/** A text with other digits and escapes can be a few times as long. It bounds what the statement returns. */
const MAX_TIMES_LONGER = 4;
/** Of an owner with more webhooks it is not even counted how many match. */
const MAX_WEBHOOKS_COUNTED = 1000;

/**
 * Writes the events of many calls in one commit; of each call all events or none. An id that the log already has with the same
 * type and data is not written again, and is missing from the result.
 *
 * Data is compared as text first. A call with events that the log has with another text of the same value (`isSameData`) is
 * accepted in a further commit, with the texts of the log: so comparing values costs nothing where no text differs.
 *
 * `lock_log` holds the lock of the log until the commit, so that positions become visible in their order: a reader that has
 * read up to a position has missed no earlier one. Therefore ids are compared with the log, and positions are given, only
 * after it has returned.
 *
 * What a commit costs depends on its events, not on their audience: it writes the deliveries where few webhooks match, and
 * otherwise one row, by which workers write them (`expandNext`). A webhook gets the events behind its `from_position`.
 *
 * A delivery gets one of its webhook's free slots, or is parked: Redis holds about as many deliveries of a webhook as may be
 * in flight, however many events are published at once. Transactions that accept at the same time may each give out the same
 * slot; the claim is exact. For a webhook that Tidings disabled the delivery is written as skipped.
 *
 * Whoever changes a type gets an answer after its commit. So if a call was validated by a revision that is not the present one, it
 * must be validated again (`stale`): no event that the changed type forbids is accepted after that answer.
 *
 * If the log has no partition for the present time, because PostgreSQL's clock was moved, the partition is added first.
 */
export async function acceptEvents(
  sql: Queryable,
  calls: readonly (readonly NewEvent[])[],
  options: AcceptOptions,
): Promise<AcceptedCalls> {
  const { isSameData = (one, other) => one === other } = options;
  const written = { deliveries: 0, skipped: 0 };
  const result: AcceptedCalls = { accepted: [], admitted: [], written, expanding: 0, conflicts: new Map(), stale: new Set() };
  let remaining: Call<NewEvent>[] = calls.map((events, number) => ({ number, events }));
  while (remaining.length > 0) {
    const { together, later, contradictory } = arrangeCalls(remaining, isSameData);
    for (const { number, ids } of contradictory) result.conflicts.set(number, ids);
    const accept = () => acceptTogether(sql, together, options);
    const row = await accept().catch(async (error: unknown) => {
      if (!isMissingPartition(error)) throw error;
      await addMissingPeriod(sql);
      return accept();
    });
    if (row.stale.length > 0) {
      const isStale = (call: Call<NewEvent>) => call.events.some((event) => row.stale.some((old) => isOf(event, old)));
      for (const { number } of remaining.filter(isStale)) result.stale.add(number);
      remaining = remaining.filter((call) => !isStale(call));
      continue;
    }
    result.accepted.push(...row.accepted);
    result.admitted.push(...row.admitted);
    written.deliveries += row.deliveries;
    written.skipped += row.skipped;
    result.expanding += row.expanding;
    const { reworded, conflicts } = settle(row.conflicts, together, isSameData);
    for (const [call, ids] of conflicts) result.conflicts.set(call, ids);
    remaining = [...reworded, ...later];
  }
  return result;
}

const isOf = ({ type, typeRevision }: NewEvent, { type: name, revision }: Revision) => type === name && typeRevision === revision;

/**
 * Separates the calls that the log contradicts from those whose events it has in other words. These are returned with the texts
 * of the log.
 */
function settle(rows: readonly Conflict[], calls: readonly Call<NewEvent>[], isSame: SameData) {
  const reworded: Call<NewEvent>[] = [];
  const conflicts = new Map<number, string[]>();
  for (const { number, events } of rows.length > 0 ? calls : []) {
    const logged = new Map(rows.filter(({ call }) => call === number).map((row) => [row.id, row.logged]));
    if (logged.size === 0) continue;
    const isOther = ({ id, data }: NewEvent): boolean => {
      const text = logged.get(id);
      return text !== undefined && (text === null || !isSame(text, data));
    };
    const ids = [...new Set(events.filter(isOther).map(({ id }) => id))];
    if (ids.length > 0) conflicts.set(number, ids);
    else reworded.push({ number, events: events.map((event) => ({ ...event, data: logged.get(event.id) ?? event.data })) });
  }
  return { reworded, conflicts };
}

/** Tells whether PostgreSQL refused a row because no partition holds it: a check violation without a constraint. */
function isMissingPartition(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23514' && constraint === undefined;
}

async function acceptTogether(
  sql: Queryable,
  calls: readonly Call<NewEvent>[],
  { patterns, wakeAfterMs, admitAtMost }: AcceptOptions,
): Promise<Row> {
  const events = calls.flatMap((call) => call.events);
  const callNumbers = calls.flatMap((call) => call.events.map(() => call.number));
  const revisions = revisionsOf(events);
  const pairs = [...patterns].flatMap(([type, list]) => list.map((pattern) => ({ type, pattern })));
  const { rows } = await sql.query<Row>({
    name: 'accept_events',
    text: `
      WITH offered AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::int[], $12::text[], $13::int[], $14::bool[])
          WITH ORDINALITY AS offered (id, type, owner, data, timestamp, traceparent, call, published_by, version, is_preview, ordinal)
      ), stale AS MATERIALIZED (
        SELECT * FROM unnest($15::text[], $16::uuid[]) AS validated (type, revision)
        WHERE revision IS DISTINCT FROM (SELECT event_types.revision FROM event_types WHERE event_types.name = validated.type)
      ), known AS MATERIALIZED (
        SELECT * FROM lock_log($1::text[])
      ), conflict AS MATERIALIZED (
        SELECT DISTINCT offered.call, offered.id, CASE WHEN offered.type = known.type
          AND length(known.data) <= ${String(MAX_TIMES_LONGER)} * length(offered.data) THEN known.data END AS logged
        FROM offered JOIN known USING (id)
        WHERE (offered.type, offered.data) IS DISTINCT FROM (known.type, known.data)
      ), fresh AS (
        SELECT DISTINCT ON (id) offered.* FROM offered
        WHERE NOT EXISTS (SELECT FROM known WHERE known.id = offered.id)
          AND NOT EXISTS (SELECT FROM conflict WHERE conflict.call = offered.call)
          AND NOT EXISTS (SELECT FROM stale)
        ORDER BY id, ordinal
      ), accepted AS (
        INSERT INTO events (id, position, type, version, is_preview, owner, data, timestamp, accepted_at, traceparent, published_by)
        SELECT id, nextval('events_position_seq'), type, version, is_preview, owner, data::json, timestamp, now(), traceparent, published_by
        FROM (SELECT * FROM fresh ORDER BY ordinal) AS in_order
        RETURNING id, position, type, version, is_preview, owner, accepted_at
      ), pattern AS (
        SELECT type, array_agg(pattern) AS patterns FROM unnest($8::text[], $9::text[]) AS pair (type, pattern) GROUP BY type
      ), addressed AS (
        SELECT id, position, type, version, owner, accepted_at,
          CASE WHEN is_preview THEN '{}' ELSE patterns END || (type || '@' || version) AS patterns
        FROM accepted JOIN pattern USING (type)
      ), audience AS (
        -- How many webhooks match: counted once for all events of a version and owner, in the first row, and not beyond the limit.
        SELECT *, CASE WHEN row_number() OVER (PARTITION BY type, version, owner ORDER BY position) > 1 THEN NULL
          WHEN owner IS NULL THEN (
            SELECT count(*) FROM (
              SELECT FROM subscriptions WHERE subscriptions.pattern = ANY (patterns) LIMIT ${String(MAX_WEBHOOKS_AN_EVENT + 1)}
            ) AS bounded)
          ELSE (
            SELECT CASE WHEN count(*) > ${String(MAX_WEBHOOKS_COUNTED)} THEN ${String(MAX_WEBHOOKS_AN_EVENT + 1)}
              ELSE count(*) FILTER (WHERE is_deliverable(webhook) AND (webhook).event_types && patterns) END
            FROM (
              SELECT webhooks AS webhook FROM webhooks WHERE webhooks.owner = addressed.owner LIMIT ${String(MAX_WEBHOOKS_COUNTED + 1)}
            ) AS bounded)
          END AS counted
        FROM addressed
      ), sized AS (
        SELECT *, max(counted) OVER (PARTITION BY type, version, owner) AS size FROM audience
      ), planned AS MATERIALIZED (
        SELECT *, size <= ${String(MAX_WEBHOOKS_AN_EVENT)} AND ${String(MAX_DELIVERIES_A_COMMIT)} >=
          sum(size) FILTER (WHERE size <= ${String(MAX_WEBHOOKS_AN_EVENT)}) OVER (ORDER BY position) AS is_small
        FROM sized
      ), expansion AS (
        INSERT INTO expansions (event_position, event_id, event_type, event_version, owner, accepted_at, patterns)
        SELECT position, id, type, version, owner, accepted_at, patterns FROM planned WHERE NOT is_small
        RETURNING event_position
      ), matching AS (
        SELECT planned.*, webhooks AS webhook FROM planned JOIN webhooks ON webhooks.owner = planned.owner
        WHERE is_small AND is_deliverable(webhooks) AND event_types && patterns AND position > from_position
        UNION ALL
        SELECT planned.*, webhook FROM planned
        CROSS JOIN LATERAL (SELECT DISTINCT webhook_id FROM subscriptions WHERE subscriptions.pattern = ANY (patterns)) AS subscribed
        -- The limit keeps this a look-up for each: PostgreSQL would read all webhooks while they seem to be few.
        CROSS JOIN LATERAL (SELECT webhooks AS webhook FROM webhooks WHERE webhooks.id = webhook_id LIMIT 1) AS matched
        WHERE is_small AND planned.owner IS NULL AND is_deliverable(webhook) AND (webhook).event_types && patterns
          AND position > (webhook).from_position
      ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY (webhook).id ORDER BY position) AS rank FROM matching
      ), counted AS (
        -- Counted once for each webhook, in its first row. Behind a line there is no free slot.
        SELECT *, CASE WHEN rank > 1 THEN NULL
          WHEN has_parked(webhook) OR (webhook).ordering = 'fifo' AND first_in_line(webhook) IS NOT NULL THEN 0
          ELSE free_slots(webhook) END AS counted_free
        FROM ranked
      ), slotted AS (
        SELECT *, max(counted_free) OVER (PARTITION BY (webhook).id) AS free FROM counted
      ), wanting AS (
        SELECT *, rank <= free AS has_slot, rank = 1 AND free > 0 AND free = slots_of(webhook) AS is_first FROM slotted
      ), delivery AS MATERIALIZED (
        SELECT *, id AS event_id, position AS event_position, type AS event_type, version AS event_version, new_delivery_id(accepted_at) AS delivery_id,
          (webhook).enabled AS is_pending, is_first OR (has_slot AND $11::int >= count(*) FILTER (WHERE has_slot AND NOT is_first) OVER (ORDER BY position, (webhook).id)) AS is_admitted
        FROM wanting
      ), ${writeDeliveries({
        stage: "CASE WHEN is_admitted THEN 'admitted' ELSE 'parked' END::delivery_stage",
        wakeAt: 'CASE WHEN is_admitted THEN now() + make_interval(secs => $10::float8 / 1000) END',
      })}
      SELECT
        (SELECT coalesce(json_agg(json_build_object('id', id, 'position', position) ORDER BY position), '[]') FROM accepted) AS accepted,
        (SELECT coalesce(json_agg(json_build_object('id', delivery_id, 'position', position, 'first', is_first) ORDER BY position), '[]')
          FROM delivery WHERE is_pending AND is_admitted) AS admitted,
        (SELECT count(*)::int FROM delivery) AS deliveries,
        (SELECT count(*)::int FROM delivery WHERE NOT is_pending) AS skipped,
        (SELECT count(*)::int FROM expansion) AS expanding,
        (SELECT coalesce(json_agg(conflict), '[]') FROM conflict) AS conflicts,
        (SELECT coalesce(json_agg(stale), '[]') FROM stale) AS stale`,
    values: [
      events.map(({ id }) => id),
      events.map(({ type }) => type),
      events.map(({ owner }) => owner),
      events.map(({ data }) => data),
      events.map(({ timestamp }) => timestamp),
      events.map(({ traceparent }) => traceparent ?? null),
      callNumbers,
      pairs.map(({ type }) => type),
      pairs.map(({ pattern }) => pattern),
      wakeAfterMs,
      admitAtMost ?? NO_BOUND,
      events.map(({ publishedBy }) => publishedBy ?? null),
      events.map(({ version }) => version ?? 1),
      events.map(({ isPreview }) => isPreview ?? false),
      revisions.map(({ type }) => type),
      revisions.map(({ revision }) => revision),
    ],
  });
  return rows[0] as Row;
}

/** The revisions by which events were validated, each once. */
function revisionsOf(events: readonly NewEvent[]): Revision[] {
  const byType = new Map<string, Set<string>>();
  for (const { type, typeRevision } of events) {
    if (typeof typeRevision !== 'string') continue;
    const known = byType.get(type);
    if (known) known.add(typeRevision);
    else byType.set(type, new Set([typeRevision]));
  }
  return [...byType].flatMap(([type, revisions]) => [...revisions].map((revision) => ({ type, revision })));
}

/** The highest number that the parameter takes. */
const NO_BOUND = 2 ** 31 - 1;
