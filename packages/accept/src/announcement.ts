/** A committed event as it is announced to every API process. */
export interface AnnouncedEvent {
  /** The event's position in the log. */
  position: number;
  id: string;
  type: string;
  /** The version of its type. */
  version: number;
  /** Whether this version was above the default one: only streams that name it get the event. */
  isPreview: boolean;
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
  // A process of the version before, which runs beside newer ones during an update, names no version.
  return events.map((event) => ({ ...event, version: event.version ?? 1, isPreview: event.isPreview ?? false }));
}

type Decoded = Omit<AnnouncedEvent, 'version' | 'isPreview'> & Partial<Pick<AnnouncedEvent, 'version' | 'isPreview'>>;

function isAnnouncedEvent(value: unknown): value is Decoded {
  if (typeof value !== 'object' || value === null) return false;
  const { position, id, type, version, isPreview, owner, data, announcedAt } = value as Partial<
    Record<keyof AnnouncedEvent, unknown>
  >;
  return (
    Number.isSafeInteger(position) &&
    typeof id === 'string' &&
    typeof type === 'string' &&
    (version === undefined || Number.isSafeInteger(version)) &&
    (isPreview === undefined || typeof isPreview === 'boolean') &&
    (owner === null || typeof owner === 'string') &&
    typeof data === 'string' &&
    typeof announcedAt === 'number'
  );
}
