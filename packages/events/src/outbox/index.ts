// `@tidings/events/outbox`: for services that publish within transactions of their own database, and for the relay.
// It loads neither BullMQ nor ioredis.
export { InvalidEventError, type FieldError } from '../invalid-event-error.js';
export type { Published } from '../published.js';
export { publishOverHttp } from '../publish-over-http.js';
export type { HttpPublishOptions } from '../post-events.js';
export { RejectedEventError } from '../rejected-event-error.js';
export { outboxTable } from './outbox-table.js';
export { createOutbox, type Outbox, type OutboxClient, type OutboxOptions, type RunStatement } from './outbox.js';
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './relay.js';
export type { OutboxConnection } from './waiting-events.js';
