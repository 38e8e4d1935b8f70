/** A committed event as it is announced to every API process. */
export interface AnnouncedEvent {
  /** The event's position in the log. */
  position: number;
  id: string;
  type: string;
  /** The owner who may see the event; null: everyone. */
  owner: string | null;
  /** The payload as JSON text. */
  data: string;
  /** When the event was announced, in Unix milliseconds. */
  announcedAt: number;
}

/** Returns the name of the Redis pub/sub channel on which events are announced. */
export function streamChannel(prefix: string): string {
  return `${prefix}:stream`;
}

/** Encodes the events of one commit, in the order of the log, as a message for the channel. */
export function encodeAnnouncement(events: readonly AnnouncedEvent[]): string {
  return JSON.stringify(events);
}

/**
 * Decodes a message of the channel. Throws when it is not an announcement: anyone who reaches Redis can publish, and a reader
 * continues from the positions in its queries of the log.
 */
export function decodeAnnouncement(message: string): AnnouncedEvent[] {
  const events: unknown = JSON.parse(message);
  if (!Array.isArray(events) || !events.every(isAnnouncedEvent)) throw new TypeError('The message is not a list of events.');
  return events;
}

function isAnnouncedEvent(value: unknown): value is AnnouncedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { position, id, type, owner, data, announcedAt } = value as Partial<Record<keyof AnnouncedEvent, unknown>>;
  return (
    Number.isSafeInteger(position) &&
    typeof id === 'string' &&
    typeof type === 'string' &&
    (owner === null || typeof owner === 'string') &&
    typeof data === 'string' &&
    typeof announcedAt === 'number'
  );
}
