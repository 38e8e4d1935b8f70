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

/** Decodes a message of the channel. Throws when it is not JSON. */
export function decodeAnnouncement(message: string): AnnouncedEvent[] {
  return JSON.parse(message) as AnnouncedEvent[];
}
