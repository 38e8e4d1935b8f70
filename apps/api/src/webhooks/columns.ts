import type { Webhook } from '@tidings/database';
import type { RegistrationChange } from './registration.js';

/** What a registration sets as it is; the headers are sealed first. */
export function toColumns(fields: Omit<RegistrationChange, 'headers'>) {
  const { url, event_types: eventTypes, description, enabled, ordering, retry } = fields;
  const { max_in_flight: maxInFlight, rate_limit: rateLimit } = fields;
  const named = Object.entries({ url, eventTypes, description, enabled, ordering, maxInFlight, rateLimit });
  return {
    ...(Object.fromEntries(named.filter(([, value]) => value !== undefined)) as Partial<Webhook>),
    ...(retry === undefined
      ? {}
      : {
          retryMaxAttempts: retry?.max_attempts ?? null,
          retryInitialDelayMs: retry?.initial_delay_ms ?? null,
          retryMaxDelayMs: retry?.max_delay_ms ?? null,
        }),
  };
}

const HEALTHY = { failingSince: null, unreachableCount: 0, circuitOpenedAt: null, circuitProbeAt: null } as const;
const NOT_BY_TIDINGS = { disabledReason: null, disabledAt: null, disabledNotifiedAt: null } as const;

/** What an operator enables has not failed yet. */
export const ENABLED_BY_OPERATOR = { enabled: true, ...NOT_BY_TIDINGS, ...HEALTHY } as const;

/** What an operator disables: its owner is to be told, and its replays are cancelled, as when its owner does it. */
export function disabledByOperator(disabledAt: Date) {
  return { enabled: false, disabledReason: 'operator', disabledAt, disabledNotifiedAt: null, replayNextAt: null } as const;
}

/**
 * What else changes when the owner changes these: whether it is enabled is from now on the owner's word, and an endpoint
 * that is enabled, or another one than before, has not failed yet.
 */
export function consequences(
  { url: urlBefore, disabledReason }: Pick<Webhook, 'url' | 'disabledReason'>,
  { enabled, url = urlBefore }: RegistrationChange,
) {
  return {
    // What an operator disabled stays so, whatever its owner says.
    ...(enabled === undefined || disabledReason === 'operator' ? {} : NOT_BY_TIDINGS),
    ...(enabled === true || url !== urlBefore ? HEALTHY : {}),
    // Its replays are cancelled: later ones need not wait until theirs would have been over.
    ...(enabled === false ? { replayNextAt: null } : {}),
  };
}
