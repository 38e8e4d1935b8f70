// `@tidings/events/queue`: for services that publish through the Redis of Tidings.
export { InvalidEventError, type FieldError } from '../invalid-event-error.js';
export type { Published } from '../published.js';
export { createPublisher, type Publisher, type PublisherOptions } from '../publisher.js';
