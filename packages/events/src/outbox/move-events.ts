import type { EventDraft } from '../event.js';
import { InvalidEventError } from '../invalid-event-error.js';
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
 * Throws the database's error, and the error of `publish` unless it rejects events. Events that were published or rejected
 * before the error of `publish` are still deleted or marked.
 */
export async function moveEvents(connection: OutboxConnection, publish: PublishEvents): Promise<Moved> {
  const sql = { query: connection.query.bind(connection) };
  const settled: Settled = { relayed: [], rejected: [] };
  const waiting = (await lockOutbox(sql)) ? await readWaiting(sql) : [];
  if (waiting.length === 0) {
    await sql.query('ROLLBACK');
    return { relayed: 0, rejected: [] };
  }
  const endsAt = performance.now() + ROUND_MS;
  const failure = await publishOrSplit(waiting, { publish, settled, endsAt }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (settled.relayed.length > 0) await deleteRelayed(sql, settled.relayed);
  if (settled.rejected.length > 0) await markRejected(sql, settled.rejected);
  await sql.query('COMMIT');
  if (failure) throw failure.error;
  return { relayed: settled.relayed.length, rejected: settled.rejected };
}

/** Publishes all events at once. After a rejection, publishes each half, so that the rejected event blocks no other. */
async function publishOrSplit(
  events: readonly WaitingEvent[],
  round: { publish: PublishEvents; settled: Settled; endsAt: number },
): Promise<void> {
  const { publish, settled, endsAt } = round;
  if (settled.relayed.length + settled.rejected.length > 0 && performance.now() > endsAt) return;
  try {
    await publish(events.map(toDraft));
    settled.relayed.push(...events);
  } catch (error) {
    const reason = rejectionReason(error);
    if (reason === undefined) throw error;
    if (events.length === 1) {
      settled.rejected.push({ event: events[0] as WaitingEvent, reason });
      return;
    }
    const half = Math.ceil(events.length / 2);
    await publishOrSplit(events.slice(0, half), round);
    await publishOrSplit(events.slice(half), round);
  }
}

function toDraft({ id, type, timestamp, data }: WaitingEvent): EventDraft {
  return { id, type, timestamp, data: JSON.parse(data) as unknown };
}

/** The reason of a rejection; undefined when the error is not one. */
function rejectionReason(error: unknown): string | undefined {
  if (error instanceof InvalidEventError) return error.errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return error instanceof RejectedEventError ? error.message : undefined;
}
