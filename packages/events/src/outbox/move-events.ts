import type { EventDraft } from '../event.js';
import { InvalidEventError } from '../invalid-event-error.js';
import { RejectedEventError } from '../rejected-event-error.js';
import {
  beginMoving,
  deleteRelayed,
  keepRejected,
  readWaiting,
  type OutboxConnection,
  type Rejection,
  type WaitingEvent,
} from './waiting-events.js';

/** Hands events to Tidings, all or none. Repeating ids must do no harm. */
export type PublishEvents = (events: readonly EventDraft[]) => PromiseLike<unknown>;

/** What a round did. */
export interface Moved {
  relayed: number;
  rejected: Rejection[];
}

interface Settled {
  relayed: WaitingEvent[];
  rejected: Rejection[];
}

/** A round with many events that are rejected ends after so long, in milliseconds; the next one goes on. */
const ROUND_MS = 5000;

/**
 * One round: takes what waits, publishes it in order, and takes it out of the outbox. When it is cut short in between, the
 * next round publishes the same ids again, of which nothing new comes. Does nothing while another relay has its turn.
 *
 * Throws the database's error, and the publish function's unless it rejects events; what was settled by then stays so.
 */
export async function moveEvents(connection: OutboxConnection, publish: PublishEvents): Promise<Moved> {
  const bound = { query: connection.query.bind(connection) };
  const settled: Settled = { relayed: [], rejected: [] };
  const waiting = (await beginMoving(bound)) ? await readWaiting(bound) : [];
  if (waiting.length === 0) {
    await bound.query('ROLLBACK');
    return { relayed: 0, rejected: [] };
  }
  const endsAt = performance.now() + ROUND_MS;
  const failure = await publishInParts(waiting, { publish, settled, endsAt }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (settled.relayed.length > 0) await deleteRelayed(bound, settled.relayed);
  if (settled.rejected.length > 0) await keepRejected(bound, settled.rejected);
  await bound.query('COMMIT');
  if (failure) throw failure.error;
  return { relayed: settled.relayed.length, rejected: settled.rejected };
}

/** Publishes all; or, when something of it is rejected, one half and then the other: so it is found, and nothing waits for it. */
async function publishInParts(
  events: readonly WaitingEvent[],
  parts: { publish: PublishEvents; settled: Settled; endsAt: number },
): Promise<void> {
  const { publish, settled, endsAt } = parts;
  if (settled.relayed.length + settled.rejected.length > 0 && performance.now() > endsAt) return;
  try {
    await publish(events.map(toDraft));
    settled.relayed.push(...events);
  } catch (error) {
    const reason = rejectionIn(error);
    if (reason === undefined) throw error;
    if (events.length === 1) {
      settled.rejected.push({ event: events[0] as WaitingEvent, reason });
      return;
    }
    const half = Math.ceil(events.length / 2);
    await publishInParts(events.slice(0, half), parts);
    await publishInParts(events.slice(half), parts);
  }
}

function toDraft({ id, type, timestamp, data }: WaitingEvent): EventDraft {
  return { id, type, timestamp, data: JSON.parse(data) as unknown };
}

/** Why an event is rejected, or undefined when something else is wrong. */
function rejectionIn(error: unknown): string | undefined {
  if (error instanceof InvalidEventError) return error.errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return error instanceof RejectedEventError ? error.message : undefined;
}
