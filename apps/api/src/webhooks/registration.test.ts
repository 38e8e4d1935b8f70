import { expect, test } from '@jest/globals';
import { fixedEventTypes } from '@tidings/accept';
import { DEFAULT_RETRY_POLICY } from '@tidings/config';
import { registrationSchemas } from './registration.js';

/** Returns the messages about a `retry` by their fields, where events are kept for so many days. */
function refusals(retry: object, retentionDays: number): Record<string, string> {
  const urlRules = { requireHttps: false, addresses: { allowed: [], denied: [] } };
  const { change } = registrationSchemas({
    urlRules,
    eventTypes: fixedEventTypes([]),
    maxInFlight: 50,
    retry: DEFAULT_RETRY_POLICY,
    retentionDays,
  });
  const { error } = change.safeParse({ retry });
  return Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]));
}

test('a schedule that takes longer than events are kept is refused', () => {
  expect(refusals({ schedule: 'standard-webhooks' }, 4)).toEqual({});
  expect(refusals({ schedule: 'standard-webhooks' }, 3)).toEqual({
    'retry.schedule': 'must end within the 3 days that events are kept; its attempts take up to 4 days',
  });
});

test('so are values by which the attempts take longer', () => {
  const retry = { max_attempts: 20, initial_delay_ms: 3_600_000, max_delay_ms: 86_400_000 };
  expect(refusals(retry, 30)).toEqual({});
  expect(refusals(retry, 1)).toEqual({
    'retry.max_attempts': 'must end within the 1 day that events are kept; its attempts take up to 16 days',
  });
});

test('an unknown schedule, and values beside one, are refused by their fields', () => {
  expect(refusals({ schedule: 'hourly' }, 30)).toEqual({ 'retry.schedule': 'must be "standard-webhooks"' });
  expect(Object.keys(refusals({ schedule: 'standard-webhooks', initial_delay_ms: 100 }, 30))).toEqual(['retry.initial_delay_ms']);
});
