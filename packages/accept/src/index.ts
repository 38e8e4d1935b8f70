export { createAccept, type Accept, type AcceptParts, type Acceptance } from './accept.js';
export { decodeAnnouncement, streamChannel, type AnnouncedEvent } from './announcement.js';
