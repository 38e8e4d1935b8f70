export { createAccept, type Accept, type AcceptParts, type Acceptance } from './accept.js';
export { decodeAnnouncement, encodeAnnouncement, streamChannel, type AnnouncedEvent } from './announcement.js';
export { ConflictingEventError } from './conflicting-event-error.js';
export { derivedEventId } from './derived-event-id.js';
