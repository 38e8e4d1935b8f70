/** An event as it is announced to every API process, when it has been committed. */
export interface AnnouncedEvent {
  position: number;
  id: string;
  type: string;
  /** The one user who may see it; null: everyone. */
  owner: string | null;
  /** The payload as JSON. */
  data: string;
  /** In Unix milliseconds. */
  announcedAt: number;
}

/** The Redis pub/sub channel on which events are announced. */
export function streamChannel(prefix: string): string {
  return `${prefix}:stream`;
}

/** What is sent over the channel: events of one commit, in the order of the log. */
export function encodeAnnouncement(events: readonly AnnouncedEvent[]): string {
  return JSON.stringify(events);
}

/** The events of a message. Throws when it is none of ours. */
export function decodeAnnouncement(message: string): AnnouncedEvent[] {
  return JSON.parse(message) as AnnouncedEvent[];
}
