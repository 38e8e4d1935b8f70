import type { DeliveryStatus } from '../generated/client.js';
import { deliveryIdFloor } from '../delivery-id.js';
import type { Queryable } from '../database.js';
import { deliveriesOf } from './deliveries-of.js';
import { IS_ADMITTED } from './is-admitted.js';
import { LOOKED_AT } from './looked-at.js';
import { DELIVERY_TYPE, isOfType, likePatterns } from './type-patterns.js';

/**
 * A delivery as owners see it. One that is superseded, because its webhook was disabled or deleted since it was accepted, is
 * no longer pending, although workers may end it in the log only later.
 */
export interface DeliveryState {
  id: string;
  webhookId: string;
  eventId: string;
  eventType: string;
  eventVersion: number;
  status: DeliveryStatus;
  attemptCount: number;
  /** Whether an owner or operator requested it again. */
  replay: boolean;
  createdAt: Date;
  /** Null in a terminal status. */
  nextAttemptAt: Date | null;
  /** Whether it is due, and waits for a free slot of its webhook. */
  waitsForSlot: boolean;
  finishedAt: Date | null;
}

/** Selects deliveries of one webhook. A field that is undefined selects all. */
export interface DeliveryFilter {
  webhookId: string;
  limit: number;
  /** Only deliveries behind the delivery with this id, which an earlier page ended with. */
  cursor?: string | undefined;
  statuses?: readonly DeliveryStatus[] | undefined;
  /** Only deliveries of events of types that one of these patterns matches. */
  eventTypes?: readonly string[] | undefined;
  /** Only deliveries created at this time or later. */
  since?: Date | undefined;
  /** Only deliveries created before this time. */
  until?: Date | undefined;
}

/** The columns of a delivery's state, from the rows `delivery`, `pending`, `webhook` and `cancellation`, of which the last three may be missing. */
export const STATE = `
  delivery.id, delivery.webhook_id AS "webhookId", event_id AS "eventId", event_type AS "eventType", event_version AS "eventVersion",
  delivery.replay,
  delivery.created_at AS "createdAt", coalesce(pending.attempt_count, delivery.attempt_count) AS "attemptCount",
  CASE WHEN is_superseded THEN coalesce(superseded_status, 'cancelled') ELSE delivery.status END::text AS status,
  CASE WHEN delivery.status = 'pending' AND NOT is_superseded THEN next_attempt_at END AS "nextAttemptAt",
  delivery.status = 'pending' AND NOT is_superseded AND coalesce(pending.stage = 'parked', false) AS "waitsForSlot",
  CASE WHEN is_superseded THEN requested_at ELSE finished_at END AS "finishedAt"`;
export const SUPERSEDED = `
  CROSS JOIN LATERAL (
    SELECT delivery.status = 'pending' AND (webhook.id IS NULL OR NOT enabled OR coalesce(pending.generation < webhook.generation, false))
      AS is_superseded
  ) AS judged`;

/**
 * Reads a delivery; null when there is none with this id.
 *
 * @param owner reads it only if it belongs to this owner; null: whoever it belongs to
 */
export async function readDelivery(sql: Queryable, owner: string | null, id: string): Promise<DeliveryState | null> {
  const { rows } = await sql.query<DeliveryState>({
    name: 'read_delivery',
    text: `
      SELECT ${STATE} FROM deliveries AS delivery
      LEFT JOIN pending_deliveries AS pending ON pending.delivery_id = delivery.id
      LEFT JOIN webhooks AS webhook ON webhook.id = delivery.webhook_id
      LEFT JOIN cancellations AS cancellation ON cancellation.webhook_id = delivery.webhook_id
      ${SUPERSEDED}
      WHERE delivery.id = $1 AND ($2::text IS NULL OR delivery.owner = $2)`,
    values: [id, owner],
  });
  return rows[0] ?? null;
}

/** A page of deliveries. */
export interface DeliveryPage {
  deliveries: DeliveryState[];
  /** Id of the last delivery that the page looked at, where it looked at more than it holds and not to the end; else null. */
  lookedAt: string | null;
}

/**
 * Reads up to `limit` deliveries of a webhook, newest first: with filters, among at most `LOOKED_AT`. The caller must have checked the webhook's owner: with a condition
 * on the owner as well, PostgreSQL treats the two conditions as independent, expects almost no rows, and chooses a plan that
 * reads every row. Times are compared by id: this reads one index range, only in the partitions of that time.
 *
 * Only pending deliveries, and no others, are read from `pending_deliveries`, however many have ended.
 */
export function readDeliveries(sql: Queryable, filter: DeliveryFilter): Promise<DeliveryPage> {
  const { statuses } = filter;
  return statuses?.every((status) => status === 'pending') && statuses.length > 0
    ? readPending(sql, filter)
    : readLog(sql, filter);
}

const lowestId = (since: Date | undefined): string => (since === undefined ? '' : deliveryIdFloor(since));
/** Greater than every id. */
const NO_BOUND = 'dlv_~';

/**
 * Reads deliveries from the log. Filters see a superseded delivery by its new status as soon as `cancellations` names its
 * webhook. The exception is a delivery that was accepted in the moment of the change and committed after all others were
 * ended: until its claim, the filters find it as pending.
 */
async function readLog(sql: Queryable, filter: DeliveryFilter): Promise<DeliveryPage> {
  const { webhookId, limit, cursor = NO_BOUND, statuses, eventTypes, since, until } = filter;
  const end = until === undefined ? NO_BOUND : deliveryIdFloor(until);
  const order = 'ORDER BY deliveries.webhook_id DESC, deliveries.id DESC';
  const { rows } = await sql.query<PageRow>({
    name: 'read_deliveries',
    text: `
      WITH webhook AS MATERIALIZED (
        SELECT id, enabled, generation, superseded_status, requested_at FROM webhooks
        LEFT JOIN cancellations ON webhook_id = id WHERE id = $1
      ), looked_at AS MATERIALIZED (
        SELECT CASE WHEN $4::text[] IS NOT NULL OR $5::delivery_status[] IS NOT NULL THEN (
          SELECT id FROM deliveries WHERE ${deliveriesOf('$1', '$2', '$3')} ${order} OFFSET ${String(LOOKED_AT - 1)} LIMIT 1
        ) END AS id
      )
      SELECT looked_at.id AS "lookedAt", page.* FROM looked_at LEFT JOIN (
        SELECT ${STATE} FROM webhook CROSS JOIN LATERAL (
          SELECT * FROM deliveries
          WHERE ${deliveriesOf('$1', 'greatest($2, (SELECT id FROM looked_at))', '$3')} AND ${isOfType('$4', DELIVERY_TYPE)}
            AND ($5::delivery_status[] IS NULL OR CASE
              WHEN status <> 'pending' THEN status
              WHEN NOT webhook.enabled THEN webhook.superseded_status
              WHEN requested_at IS NULL THEN 'pending'
              WHEN (SELECT pending_deliveries.generation FROM pending_deliveries WHERE delivery_id = deliveries.id) < webhook.generation
                THEN webhook.superseded_status
              ELSE 'pending'
            END = ANY ($5))
          ${order} LIMIT $6
        ) AS delivery
        LEFT JOIN pending_deliveries AS pending ON pending.delivery_id = delivery.id
        ${SUPERSEDED}
      ) AS page ON true
      ORDER BY page.id DESC`,
    values: [webhookId, lowestId(since), cursor < end ? cursor : end, likePatterns(eventTypes), statuses, limit],
  });
  return toPage(rows, limit);
}

interface Place {
  lookedAt: string | null;
  position?: string;
}
type PageRow = Place & (DeliveryState | { id: null });

function toPage(rows: readonly PageRow[], limit: number): DeliveryPage {
  const found = rows.filter((row): row is Place & DeliveryState => row.id !== null);
  const lookedAt = found.length < limit ? (rows[0]?.lookedAt ?? null) : null;
  return { deliveries: found.map(({ lookedAt: _, position: __, ...delivery }) => delivery), lookedAt };
}

/** The orders in which an index has the pending deliveries of a webhook. Those of the stage admitted are few. */
const LINES = ['parked', 'backoff'].flatMap((stage) => [0, 1, 2].map((priority) => ({ stage, priority })));
/** Maximum number of each line's deliveries that a page with a filter looks at. */
const LOOKED_AT_OF_LINE = LOOKED_AT / LINES.length;

/**
 * Reads pending deliveries, the newest positions of the log first: of each stage and priority, an index has that order. Ids
 * follow the clock at acceptance, and may differ from it by moments.
 */
async function readPending(sql: Queryable, filter: DeliveryFilter): Promise<DeliveryPage> {
  const { webhookId, limit, cursor, eventTypes, since, until } = filter;
  const pending = `
    pending_deliveries.webhook_id = $1 AND generation = webhook.generation AND event_position < place.before`;
  const some = `
    SELECT pending_deliveries.* FROM pending_deliveries
    WHERE ${pending} AND event_position >= looked_at.position AND NOT ended AND delivery_id >= $2 AND delivery_id < $3
      AND ($4::text[] IS NULL OR EXISTS (SELECT FROM deliveries WHERE id = delivery_id AND ${isOfType('$4', DELIVERY_TYPE)}))`;
  const inLine = ({ stage, priority }: (typeof LINES)[number]) => `stage = '${stage}' AND priority = ${String(priority)}`;
  const lines = LINES.map((line) => `(${some} AND ${inLine(line)} ORDER BY event_position DESC LIMIT $6)`);
  const lastOfLines = LINES.map(
    (line) => `(SELECT event_position, delivery_id FROM pending_deliveries WHERE ${pending} AND ${inLine(line)}
      ORDER BY event_position DESC OFFSET ${String(Math.floor(LOOKED_AT_OF_LINE) - 1)} LIMIT 1)`,
  );
  const { rows } = await sql.query<PageRow>({
    name: 'read_pending_deliveries',
    text: `
      WITH webhook AS MATERIALIZED (
        SELECT id, enabled, generation, superseded_status, NULL::timestamptz AS requested_at FROM webhooks WHERE id = $1 AND enabled
      ), place AS MATERIALIZED (
        SELECT coalesce((SELECT event_position FROM deliveries WHERE id = $5),
          CASE WHEN $5::text IS NULL THEN 9223372036854775807 ELSE 0 END) AS before
      ), looked_at AS MATERIALIZED (
        SELECT coalesce(last.event_position, 0) AS position, last.delivery_id AS id
        FROM webhook CROSS JOIN place LEFT JOIN LATERAL (
          SELECT * FROM (${lastOfLines.join(' UNION ALL ')}) AS last ORDER BY event_position DESC LIMIT 1
        ) AS last ON $4::text[] IS NOT NULL OR $2 <> '' OR $3 <> '${NO_BOUND}'
      )
      SELECT looked_at.id AS "lookedAt", page.* FROM looked_at LEFT JOIN (
        SELECT ${STATE}, pending.event_position AS "position" FROM webhook CROSS JOIN place CROSS JOIN looked_at CROSS JOIN LATERAL (
          SELECT * FROM ((${some} AND ${IS_ADMITTED}) UNION ALL ${lines.join(' UNION ALL ')}) AS line
          ORDER BY event_position DESC LIMIT $6
        ) AS pending
        JOIN deliveries AS delivery ON delivery.id = pending.delivery_id
        ${SUPERSEDED}
      ) AS page ON true
      ORDER BY page."position" DESC`,
    values: [
      webhookId,
      lowestId(since),
      until === undefined ? NO_BOUND : deliveryIdFloor(until),
      likePatterns(eventTypes),
      cursor,
      limit,
    ],
  });
  return toPage(rows, limit);
}
