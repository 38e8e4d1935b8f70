// `@tidings/events/http`: for services that publish over HTTP. It loads neither BullMQ nor ioredis.
export { createHttpPublisher, type AcceptedOverHttp, type HttpPublisher, type HttpPublisherOptions } from '../http-publisher.js';
export { InvalidEventError, type FieldError } from '../invalid-event-error.js';
export { RejectedEventError } from '../rejected-event-error.js';
