import type { ClaimedDelivery } from '../src/sql/claim-deliveries.js';
import type { AttemptRecord, HealthRules } from '../src/sql/record-attempts.js';

type Lease = Pick<ClaimedDelivery, 'id' | 'leaseToken' | 'url' | 'slowDowns'>;

/** Health rules with times that no test reaches by accident. */
export const HEALTH: HealthRules = {
  circuitAfter: 3,
  probeAfterMs: 30_000,
  probeAtMostMs: 300_000,
  disableAfterMs: 5 * 86_400_000,
};

/** An attempt that the receiver answered with 204. */
export function succeeded({ id, leaseToken, url, slowDowns }: Lease): AttemptRecord {
  return {
    deliveryId: id,
    leaseToken,
    url,
    startedAgoMs: 20_000,
    durationMs: 125,
    statusCode: 204,
    errorClass: null,
    error: null,
    requestHeaders: { 'webhook-id': 'evt_1' },
    responseHeaders: { 'content-type': 'text/plain' },
    responseBody: 'thanks',
    counted: true,
    throttle: null,
    slowDowns,
    outcome: { status: 'succeeded' },
  };
}

/** An attempt that the receiver answered with another status than 2xx. */
export function answered(lease: Lease, statusCode: number, outcome: AttemptRecord['outcome']): AttemptRecord {
  return { ...succeeded(lease), statusCode, errorClass: `http_${String(statusCode)}`, responseBody: 'no', outcome };
}

/** An attempt that the receiver answered with 429, naming a time (null: none), and that is not counted. */
export function throttled(lease: Lease, askedMs: number | null, jitter = 0): AttemptRecord {
  const attempt = answered(lease, 429, { status: 'pending', retryInMs: 0 });
  return { ...attempt, errorClass: 'throttled', counted: false, throttle: { askedMs, jitter } };
}

/** An attempt without a response: the connection was refused. */
export function refused(lease: Lease, outcome: AttemptRecord['outcome']): AttemptRecord {
  return {
    ...succeeded(lease),
    statusCode: null,
    errorClass: 'refused',
    error: 'connect ECONNREFUSED',
    requestHeaders: null,
    responseHeaders: null,
    responseBody: null,
    outcome,
  };
}
