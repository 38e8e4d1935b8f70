export { createAccept, type Accept, type AcceptParts, type Acceptance } from './accept.js';
export { decodeAnnouncement, encodeAnnouncement, streamChannel, type AnnouncedEvent } from './announcement.js';
