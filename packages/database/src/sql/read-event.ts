import type { Queryable } from '../database.js';
import { COLUMNS, OPERATOR_COLUMNS, toEvent, type LoggedEvent, type LoggedEventRow } from './read-events.js';

/** An event, and how far its deliveries are written. */
export interface EventDetails extends LoggedEvent {
  acceptedAt: Date;
  /** Number of its deliveries; at most 10,000 are counted. */
  written: number;
  /** Whether all of them are written: workers write those of an event that many webhooks match. */
  isComplete: boolean;
}

type Row = LoggedEventRow & Pick<EventDetails, 'acceptedAt' | 'written' | 'isComplete'>;

/** Maximum number of an event's deliveries that are counted. */
const MAX_COUNTED = 10_000;
/** Maximum number of an owner's webhooks whose deliveries are counted. */
const MAX_WEBHOOKS = 1000;

const DETAILS = `accepted_at AS "acceptedAt",
  NOT EXISTS (SELECT FROM expansions WHERE event_position = events.position) AS "isComplete"`;
/** An event's deliveries have ids of the millisecond in which it was accepted. */
const OF_THE_MILLISECOND = `deliveries.id >= delivery_id_floor(accepted_at)
  AND deliveries.id < delivery_id_floor(accepted_at + interval '1 ms')`;

/**
 * Reads an event that the owner may see; null when there is none with this id. Counted are its deliveries to the owner's
 * webhooks: how many others have is nobody's business.
 */
export async function readEvent(sql: Queryable, owner: string, id: string): Promise<EventDetails | null> {
  const { rows } = await sql.query<Row>({
    name: 'read_event',
    text: `
      SELECT ${COLUMNS}, ${DETAILS}, (
        SELECT count(*)::int FROM (SELECT webhooks.id FROM webhooks WHERE webhooks.owner = $1 LIMIT ${String(MAX_WEBHOOKS)}) AS own
        CROSS JOIN LATERAL (
          SELECT FROM deliveries WHERE webhook_id = own.id AND event_position = events.position AND ${OF_THE_MILLISECOND}
        ) AS delivery
      ) AS written
      FROM events WHERE id = $2 AND (owner IS NULL OR owner = $1)`,
    values: [owner, id],
  });
  return rows[0] ? toDetails(rows[0]) : null;
}

/**
 * Reads an event of any owner; null when there is none with this id. Counted are all its deliveries: while workers write them,
 * as the workers count them, and afterwards among the first 20,000 deliveries of the millisecond in which it was accepted,
 * which bounds the cost where it shares the millisecond with others.
 */
export async function readAnyEvent(sql: Queryable, id: string): Promise<EventDetails | null> {
  const { rows } = await sql.query<Row>({
    name: 'read_any_event',
    text: `
      SELECT ${OPERATOR_COLUMNS}, ${DETAILS}, coalesce(
        (SELECT least(expansions.deliveries, ${String(MAX_COUNTED)}) FROM expansions WHERE event_position = events.position),
        (SELECT least(count(*) FILTER (WHERE event_position = events.position), ${String(MAX_COUNTED)})::int FROM (
          SELECT event_position FROM deliveries WHERE ${OF_THE_MILLISECOND} LIMIT ${String(2 * MAX_COUNTED)}
        ) AS few)
      ) AS written
      FROM events WHERE id = $1`,
    values: [id],
  });
  return rows[0] ? toDetails(rows[0]) : null;
}

const toDetails = ({ acceptedAt, written, isComplete, ...row }: Row): EventDetails => ({
  ...toEvent(row),
  acceptedAt,
  written,
  isComplete,
});
