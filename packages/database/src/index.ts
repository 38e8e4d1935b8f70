export { openDatabase, type Database, type DatabaseOptions, type Pooler, type Queryable } from './database.js';
export { limitStatements } from './limit-statements.js';
export { createDatabaseCheck, waitForDatabase, type DatabaseCheckOptions } from './database-check.js';
export { explainFailure, type ExplainedFailure } from './explain-failure.js';
export { findFailure, type DatabaseFailure, type FailureKind } from './failure.js';
export {
  tooOld,
  unfitMigrations,
  unusableBecauseOf,
  type UnusableDatabaseError,
  type UnusableKind,
} from './unusable-database.js';
export { shareConnections } from './share-connections.js';
export { createGroupCommit, type GroupCommit } from './group-commit.js';
export { connectToOutbox } from './connect-to-outbox.js';
export { readMigrationState, type MigrationState } from './migrations/state.js';
export { migrate } from './migrations/migrate.js';
export {
  type Attempt,
  type AuditEntry,
  type Delivery,
  type DeliveryStatus,
  type PendingDelivery,
  type Webhook,
  type Event,
} from './generated/client.js';
export {
  acceptEvents,
  type AcceptedCalls,
  type AcceptedDelivery,
  type AcceptedEvent,
  type AcceptOptions,
  type NewEvent,
} from './sql/accept-events.js';
export { endSuperseded, endSupersededNext, endSupersededOf, type Ended } from './sql/end-superseded.js';
export { expandNext, type Expanded } from './sql/expand-events.js';
export { createTaskHold } from './task-hold.js';
export { bringForward } from './sql/bring-forward.js';
export { readTime } from './sql/read-time.js';
export { claimDeliveries, type Claim, type ClaimedDelivery, type ClaimOptions } from './sql/claim-deliveries.js';
export { createMaintenance } from './maintenance.js';
export {
  findPosition,
  followEvents,
  lastVisibleEvent,
  readEvents,
  readNewest,
  readOwnerEvents,
  type FollowedPage,
  type LoggedEvent,
  type LogPage,
  type LogPlace,
  type LogRange,
} from './sql/read-events.js';
export {
  recordAttempts,
  type AttemptRecord,
  type HealthChanges,
  type SlowedWebhook,
  type HealthRules,
  type Recorded,
  type RecordOptions,
} from './sql/record-attempts.js';
export { readBacklog, type Backlog, type StageBacklog } from './sql/read-backlog.js';
export { advanceLineStarts, removeEarlierLineStarts } from './sql/advance-line-starts.js';
export { admitNext, admitOf, type Admitted, type AdmittedDelivery, type AdmitOptions } from './sql/admit-next.js';
export { WAKE_LIMIT, wakeDeliveries, type WakeOptions, type Woken } from './sql/wake-deliveries.js';
export { setDeliveryPause, pauseWebhook, readDeliveryPause, type DeliveryPause } from './sql/pause.js';
export { markNotified, readUnnotified, type DisabledWebhook } from './sql/disabled-webhooks.js';
export { readPartitionsAhead } from './sql/read-partitions-ahead.js';
export {
  listRevocations,
  readRevocations,
  writeRevocations,
  type LoggedRevocation,
  type NewRevocation,
  type Revocation,
  type RevocationDetails,
} from './sql/revocations.js';
export {
  NO_EVENT_TYPES_YET,
  readEventTypeRevisions,
  readEventTypes,
  readEventTypeState,
  readWebhooksOfType,
  writeEventTypes,
  type EventTypeAudit,
  type EventTypeChange,
  type EventTypeRow,
  type EventTypeVersionRow,
  type StoredEventType,
  type WebhookOfType,
} from './sql/event-types.js';
export { readRights, type Rights } from './sql/read-rights.js';
export { readServerSettings, type ServerSettings } from './sql/read-server-settings.js';
export { readSealedWebhooks } from './sql/read-sealed-webhooks.js';
export { isSupported, readServer, type DatabaseServer } from './sql/read-server.js';
export { resealWebhooks, type SealedColumns, type SealedWebhook } from './sql/reseal-webhooks.js';
export { readEndpoint, type Endpoint } from './sql/read-endpoint.js';
export { leaseMsFor, MAX_DELIVERY_TIMEOUT_MS } from './lease.js';
export { deliveryCreatedAt, isDeliveryId } from './delivery-id.js';
export { bindIdempotencyKey, type IdempotencyKeyUse } from './sql/bind-idempotency-key.js';
export {
  readReplayChunk,
  replayDeliveries,
  type PlannedChunk,
  type ReplayChunk,
  type Replayed,
  type ReplayFilter,
} from './sql/replay-deliveries.js';
export { countWithMissing, readLogPart, replayWithMissing, type MissingFilter, type ReplayedPart } from './sql/replay-missing.js';
export {
  readDelivery,
  readDeliveries,
  type DeliveryFilter,
  type DeliveryPage,
  type DeliveryState,
} from './sql/read-deliveries.js';
export { listEvents, type EventFilter, type EventPage } from './sql/list-events.js';
export { readAllEventDeliveries, readEventDeliveries } from './sql/read-event-deliveries.js';
export { readAnyEvent, readEvent, type EventDetails } from './sql/read-event.js';
export { HASTEN_LIMIT, hastenDeliveries } from './sql/hasten-deliveries.js';
export { deleteWebhook, updateWebhook, type WebhookFields } from './sql/update-webhook.js';
export { retryDelivery, type RetryResult } from './sql/retry-delivery.js';
export { REGISTRATION_KEY_S } from './sql/forget-registrations.js';
export { readSealedRegistrations, resealRegistration, type SealedRegistration } from './sql/reseal-registrations.js';
export { cancelDelivery, type CancelResult } from './sql/cancel-delivery.js';
export {
  markExpiring,
  readExpiring,
  skipExpired,
  type Expired,
  type ExpiringDeliveries,
  type ExpiryRules,
} from './sql/expire-deliveries.js';
export { actorKindOf, type Actor, type ActorKind } from './actor.js';
export { lockOwner, lockWebhook, readClock, setActor, type Transaction } from './sql/transaction.js';
export { type DisabledReason, type Ordering } from './generated/client.js';
export { DURATION_BOUNDS_MS, durationClass, percentile } from './activity.js';
export {
  addActivity,
  readMinutes,
  readOwnersByLoad,
  type MinuteActivity,
  type OwnerActivity,
  type OwnerLoad,
} from './sql/activity.js';
export { readOwnerSettings, type OwnerSettingsRow } from './sql/read-owner-settings.js';
export { readPeriodicWork, type PeriodicWork } from './sql/read-periodic-work.js';
export { readOverview, type Overview } from './sql/read-overview.js';
export { countHour, readWebhookHours, type HourCount, type WebhookHours } from './sql/webhook-hours.js';
export { readWebhookStats, type WebhookStats } from './sql/read-webhook-stats.js';
export { countReplays, noteReplay } from './sql/replay-pace.js';
export {
  postponeVerifications,
  recordVerification,
  releaseUnverified,
  requestVerification,
  takeUnverified,
  VERIFICATION_ATTEMPTS,
  type UnverifiedWebhook,
  type VerificationResult,
} from './sql/verify-webhooks.js';
