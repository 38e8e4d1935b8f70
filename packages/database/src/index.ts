export { openDatabase, type Database, type DatabaseOptions, type Queryable } from './database.js';
export { migrate } from './migrations/migrate.js';
export { type Attempt, type Delivery, type DeliveryStatus, type Webhook, type Event } from './generated/client.js';
export { acceptEvents, type AcceptedEvent, type AcceptOptions, type NewEvent } from './sql/accept-events.js';
export { cancelDeliveries } from './sql/cancel-deliveries.js';
export { claimDeliveries, type Claim, type ClaimedDelivery } from './sql/claim-deliveries.js';
export { findPosition, lastPosition, readEvents, readUserEvents, type LoggedEvent } from './sql/read-events.js';
export { recordAttempts, type AttemptRecord } from './sql/record-attempts.js';
export { wakeDeliveries, type WokenDelivery } from './sql/wake-deliveries.js';
