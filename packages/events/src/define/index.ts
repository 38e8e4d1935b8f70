// `@tidings/events/define`: for whoever defines event types. It loads neither BullMQ nor ioredis.
export { createCatalog, type Catalog, type CatalogEvent } from '../catalog.js';
export { defineEvent, type Audience, type EventDefinition } from '../define-event.js';
export type { EventDraft } from '../event.js';
export { InvalidEventError, type FieldError } from '../invalid-event-error.js';
