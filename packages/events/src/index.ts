export { defineEvent, type Audience, type EventDefinition } from './define-event.js';
export {
  createCatalog,
  catalog,
  describeEventType,
  systemCatalog,
  systemEvents,
  type Catalog,
  type CatalogEvent,
  type EventTypeDescription,
  type Publishable,
  type SchemaDialect,
} from './catalog.js';
export { extractionCompleted, extractionStarted } from './catalog/extraction.js';
export { syncCompleted, syncFailed } from './catalog/sync.js';
export { gapsUpdated } from './catalog/gaps.js';
export { webhookTest, webhookVerification } from './catalog/webhook.js';
export {
  eventDraft,
  hasFourDigitYear,
  EVENT_ID,
  LOGGED_EVENT_ID,
  MAX_EVENT_BYTES,
  MAX_VERSION,
  OWNER_ID,
  OWNER_ID_RULE,
  type EventDraft,
  type TidingsEvent,
} from './event.js';
export { parseInWords, toFieldErrors } from './describe-issue.js';
export { joinPath, validateDrafts, type DraftType, type FindType } from './validate-drafts.js';
export { InvalidEventError, type FieldError } from './invalid-event-error.js';
export { InvalidJsonError } from './json/invalid-json-error.js';
export { rememberDigits } from './json/digits.js';
export { parseJson, type ParseBounds } from './json/parse-json.js';
export { canonicalJson, escapeLineSeparators, isSameJson, writeJson } from './json/write-json.js';
export { parseEventData } from './parse-event-data.js';
export { isPattern, matches, patternsMatching, type EventVersion } from './pattern.js';
export { createPublisher, type Publisher, type PublisherOptions } from './publisher.js';
export type { Published } from './published.js';
export { createHttpPublisher, type AcceptedOverHttp, type HttpPublisher, type HttpPublisherOptions } from './http-publisher.js';
export { publishOverHttp } from './publish-over-http.js';
export type { HttpPublishOptions } from './post-events.js';
export { shorten } from './shorten.js';
export { RejectedEventError } from './rejected-event-error.js';
export { createOutbox, type Outbox, type OutboxClient, type OutboxOptions, type RunStatement } from './outbox/outbox.js';
export { outboxTable } from './outbox/outbox-table.js';
export { createOutboxRelay, type OutboxRelay, type OutboxRelayOptions } from './outbox/relay.js';
export type { OutboxConnection } from './outbox/waiting-events.js';
export { isConnectingFirst, openRedis, type RedisClient } from './open-redis.js';
export { parseRedisUrl, type RedisAddress, type RedisHost, type RedisLogin } from './redis-url.js';
export { unencodedCredentials } from './url-credentials.js';
export { DEFAULT_PREFIX, eventJob, EVENTS_QUEUE, type EventJob } from './events-queue.js';
