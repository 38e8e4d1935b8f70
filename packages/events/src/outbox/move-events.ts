import type { EventDraft } from '../event.js';
import type { BatchPlan } from './batch.js';
import { InvalidEventError } from '../invalid-event-error.js';
import { parseEventData } from '../parse-event-data.js';
import { readTypeColumn } from './outbox-table.js';
import { RejectedEventError } from '../rejected-event-error.js';
import {
  deleteRelayed,
  lockOutbox,
  markRejected,
  readWaiting,
  type OutboxConnection,
  type Rejection,
  type WaitingEvent,
} from './waiting-events.js';

/** Publishes events to Tidings, all or none. Publishing the same ids again must have no effect. */
export type PublishEvents = (events: readonly EventDraft[]) => PromiseLike<unknown>;

/** The result of a round. */
export interface Moved {
  /** The number of events that were published and deleted from the outbox. */
  relayed: number;
  rejected: Rejection[];
  /** The error of `publish` that ended the round, unless it rejects events; undefined: none. */
  failure?: PublishFailure | undefined;
}

interface PublishFailure {
  error: unknown;
  /** The events that were to be published. */
  events: readonly WaitingEvent[];
}

/** The events that were relayed or rejected so far in a round. */
interface Settled {
  relayed: WaitingEvent[];
  rejected: Rejection[];
}

/** A round with rejected events ends after this time, in milliseconds; the next round continues. */
const ROUND_MS = 5000;

/**
 * Runs one round: reads the waiting events, publishes them in order, and deletes them from the outbox. When a round is
 * interrupted in between, the next round publishes the same ids again, which has no effect. Does nothing while another relay
 * holds the lock.
 *
 * Throws the database's error. Events that were published or rejected before an error of `publish` are deleted or marked.
 */
export async function moveEvents(connection: OutboxConnection, publish: PublishEvents, plan: BatchPlan): Promise<Moved> {
  const sql = { query: connection.query.bind(connection) };
  const settled: Settled = { relayed: [], rejected: [] };
  const waiting = (await lockOutbox(sql)) ? await readWaiting(sql, plan.limit, plan.skip) : [];
  if (waiting.length === 0) {
    await sql.query('ROLLBACK');
    return { relayed: 0, rejected: [] };
  }
  const endsAt = performance.now() + ROUND_MS;
  const failure = await publishOrSplit(waiting, { publish, settled, endsAt, lastTry: plan.lastTry });
  if (settled.relayed.length > 0) await deleteRelayed(sql, settled.relayed);
  if (settled.rejected.length > 0) await markRejected(sql, settled.rejected);
  await sql.query('COMMIT');
  return { relayed: settled.relayed.length, rejected: settled.rejected, failure };
}

/** Publishes all events at once. After a rejection, publishes each half, so that the rejected event blocks no other. */
async function publishOrSplit(
  events: readonly WaitingEvent[],
  round: { publish: PublishEvents; settled: Settled; endsAt: number; lastTry: string | undefined },
): Promise<PublishFailure | undefined> {
  const { publish, settled, endsAt, lastTry } = round;
  if (settled.relayed.length + settled.rejected.length > 0 && performance.now() > endsAt) return undefined;
  try {
    await publish(events.map(toDraft));
    settled.relayed.push(...events);
    return undefined;
  } catch (error) {
    const [event] = events as [WaitingEvent];
    const reason = rejectionReason(error) ?? (event.position === lastTry ? stuckReason(error) : undefined);
    if (reason === undefined) return { error, events };
    if (events.length === 1) {
      settled.rejected.push({ event, reason });
      return undefined;
    }
    const half = Math.ceil(events.length / 2);
    return (await publishOrSplit(events.slice(0, half), round)) ?? (await publishOrSplit(events.slice(half), round));
  }
}

function toDraft({ id, type, timestamp, data }: WaitingEvent): EventDraft {
  return { id, ...readTypeColumn(type), timestamp, data: parseEventData(data) };
}

/** The reason of a rejection; undefined when the error is not one. */
function rejectionReason(error: unknown): string | undefined {
  if (error instanceof InvalidEventError) return error.errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return error instanceof RejectedEventError ? error.message : undefined;
}

function stuckReason(error: unknown): string {
  return `could not be published although the event behind it could; it may have been accepted. The last error: ${String(error)}`;
}
