import type { Webhook } from '@tidings/database';
import type { RegistrationChange } from './registration.js';

/** Maps the fields of a registration to columns, except the headers, which are sealed first. Absent fields set no column. */
export function toColumns(fields: Omit<RegistrationChange, 'headers'>) {
  const { url, event_types: eventTypes, description, enabled, ordering, retry } = fields;
  const { max_in_flight: maxInFlight, rate_limit: rateLimit } = fields;
  const columns = Object.entries({ url, eventTypes, description, enabled, ordering, maxInFlight, rateLimit });
  return {
    ...(Object.fromEntries(columns.filter(([, value]) => value !== undefined)) as Partial<Webhook>),
    ...(retry === undefined
      ? {}
      : {
          retryMaxAttempts: retry?.max_attempts ?? null,
          retryInitialDelayMs: retry?.initial_delay_ms ?? null,
          retryMaxDelayMs: retry?.max_delay_ms ?? null,
          retrySchedule: retry?.schedule ?? null,
        }),
  };
}

/** The health columns of a webhook without failures. */
const HEALTHY = { failingSince: null, unreachableCount: 0, circuitOpenedAt: null, circuitProbeAt: null } as const;
/** The columns of a webhook whose receiver has not asked to slow down. */
const UNTHROTTLED = {
  throttledUntil: null,
  backoffCount: 0,
  slowedAt: null,
  learnedRate: null,
  learnedFrom: null,
  rateNextAt: null,
} as const;
/**
 * The columns of a webhook with a new URL: what an earlier receiver answered to a challenge says nothing about this one.
 *
 * @param waits whether it waits until its URL is verified
 */
export const verificationOf = (waits: boolean) =>
  ({
    unverifiedSince: waits ? new Date() : null,
    verifiedAt: null,
    verificationFailedAt: null,
    verificationClass: null,
    verificationError: null,
  }) as const;
/** The columns of a webhook that neither Tidings nor an operator disabled. */
const NO_DISABLED_REASON = { disabledReason: null, disabledAt: null, disabledNotifiedAt: null } as const;

/** The columns that change when an operator enables a webhook: its failures are reset. */
export const ENABLED_BY_OPERATOR = { enabled: true, ...NO_DISABLED_REASON, ...HEALTHY } as const;

/**
 * Returns the columns that change when an operator disables a webhook. Its owner is notified, and its replays are cancelled,
 * as when the owner disables it.
 */
export function disabledByOperator(disabledAt: Date) {
  return { enabled: false, disabledReason: 'operator', disabledAt, disabledNotifiedAt: null, replayNextAt: null } as const;
}

/**
 * Returns the columns that also change with an owner's change. When the owner enables or disables the webhook, the reason
 * why Tidings disabled it is removed. When the owner enables it or changes its URL, its failures are reset. Another URL also ends
 * the waits for which the receiver at the earlier one asked, and has to be verified itself. A pause that is repeated keeps its beginning.
 */
export function impliedChanges(
  { url: urlBefore, disabledReason, ownerPausedAt }: Pick<Webhook, 'url' | 'disabledReason' | 'ownerPausedAt'>,
  { enabled, paused, url = urlBefore }: RegistrationChange,
  mustVerify: (url: string) => boolean,
) {
  return {
    // A webhook that an operator disabled stays disabled.
    ...(enabled === undefined || disabledReason === 'operator' ? {} : NO_DISABLED_REASON),
    ...(paused === undefined ? {} : { ownerPausedAt: paused ? (ownerPausedAt ?? new Date()) : null }),
    ...(enabled === true || url !== urlBefore ? HEALTHY : {}),
    ...(url !== urlBefore ? { ...UNTHROTTLED, ...verificationOf(mustVerify(url)) } : {}),
    // Its replays are cancelled, so later replays need not wait for their planned end.
    ...(enabled === false ? { replayNextAt: null } : {}),
  };
}
