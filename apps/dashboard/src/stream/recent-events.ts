import type { StreamedEvent } from '@tidings/client';

/** An event of the stream and the time of its arrival. */
export interface ReceivedEvent {
  event: StreamedEvent;
  /** Unix milliseconds on the clock of the browser. */
  receivedAt: number;
}

/** The newest events of a stream, and the number of older events that are no longer kept. */
export interface RecentEvents {
  /** Newest first. */
  events: readonly ReceivedEvent[];
  droppedCount: number;
}

/** The state before the first event. */
export const NO_EVENTS: RecentEvents = { events: [], droppedCount: 0 };

/**
 * Adds events and drops the oldest ones beyond the limit.
 *
 * @param newer oldest first
 * @param limit the number of events to keep
 */
export function addEvents(recent: RecentEvents, newer: readonly ReceivedEvent[], limit: number): RecentEvents {
  const all = [...newer].reverse().concat(recent.events);
  return { events: all.slice(0, limit), droppedCount: recent.droppedCount + Math.max(0, all.length - limit) };
}
