import { describe, expect, test } from '@jest/globals';
import type { Webhook } from '../api/api.js';
import { FINISHED, replayStatus } from '../deliveries/replay-status.js';
import { checkUrl } from './check-url.js';
import { disableQuestion } from './disable-question.js';
import { testedType } from './tested-type.js';
import { bodyOf, draftOf, fieldError, NEW_DRAFT, unmatchedErrors } from './webhook-draft.js';
import { resumedMessage, stateOf } from './webhook-state.js';

const webhook: Webhook = {
  id: 'wh_1',
  url: 'https://example.com/hook',
  event_types: ['*'],
  description: null,
  header_names: ['X-Key'],
  previous_secrets_valid_until: null,
  enabled: true,
  paused: false,
  paused_by: [],
  verification: { state: 'none', verified_at: null, failed_at: null, error_class: null, error: null },
  max_in_flight: 10,
  rate_limit: null,
  ordering: 'unordered',
  retry: { max_attempts: 5, initial_delay_ms: 1500 },
  disabled_reason: null,
  disabled_at: null,
  failing_since: null,
  circuit: { state: 'closed', opened_at: null, probe_at: null },
  throttled_until: null,
  created_at: '2026-11-24T10:00:00Z',
  updated_at: '2026-11-24T10:00:00Z',
};

describe('checkUrl', () => {
  test.each(['https://example.com', 'http://127.0.0.1:5000/hook', 'HTTPS://Example.com:8443/?a=1', 'https://bücher.example'])(
    'accepts %s',
    (url) => {
      expect(checkUrl(url)).toBeNull();
    },
  );
  test.each([
    ['', 'URL is required'],
    ['example.com', 'must begin with https://'],
    ['ftp://example.com', 'must begin with https://'],
    ['https://', 'not complete'],
    ['https://exa mple.com', 'spaces'],
    ['https://me:pw@example.com', 'user name or password'],
    ['https://example.com:22', 'port'],
    [`https://example.com/${'x'.repeat(2048)}`, '2048 characters'],
  ])('rejects %s: %s', (url, message) => {
    expect(checkUrl(url)).toContain(message);
  });
});

describe('stateOf returns the most important state', () => {
  const open = { state: 'open', opened_at: null, probe_at: null } as const;
  test.each<[string, Partial<Webhook>]>([
    ['Active', {}],
    ['Failing', { failing_since: '2026-11-24T10:00:00Z' }],
    ['Circuit open', { failing_since: '2026-11-24T10:00:00Z', circuit: open }],
    ['Throttled', { failing_since: '2026-11-24T10:00:00Z', throttled_until: '2026-11-24T10:00:30Z' }],
    ['Circuit open', { throttled_until: '2026-11-24T10:00:30Z', circuit: open }],
    ['Circuit half-open', { circuit: { ...open, state: 'half_open' } }],
    ['Paused by the operator', { paused: true, paused_by: ['operator'], circuit: open }],
    ['Paused', { paused: true, paused_by: ['owner'], circuit: open }],
    ['Paused by owner and operator', { paused: true, paused_by: ['owner', 'operator'] }],
    ['Not verified', { paused: true, paused_by: ['verification'], circuit: open }],
    ['Paused', { paused: true, paused_by: ['owner', 'verification'] }],
    ['Disabled', { enabled: false, paused: true }],
    ['Disabled: failing', { enabled: false, disabled_reason: 'failing' }],
    ['Disabled: 410 Gone', { enabled: false, disabled_reason: 'gone' }],
    ['Disabled by the operator', { enabled: false, disabled_reason: 'operator' }],
  ])('%s', (label, more) => {
    expect(stateOf({ ...webhook, ...more }).label).toBe(label);
  });
});

test('a webhook that is not verified says why', () => {
  const waits = (error: string | null) =>
    stateOf({ ...webhook, paused: true, paused_by: ['verification'], verification: { ...webhook.verification, error } }).advice;
  expect(waits(null)).toMatch(/^The receiver has to show that it expects/);
  expect(waits('The response had the status 404.')).toContain('The last challenge failed: The response had the status 404.');
});

test('a resume says whose pause stays', () => {
  expect(resumedMessage({ paused_by: [] })).toBe('The webhook is resumed.');
  expect(resumedMessage({ paused_by: ['operator'] })).toContain('until the operator resumes');
  expect(resumedMessage({ paused_by: ['verification'] })).toContain('until the receiver has answered the challenge');
  expect(resumedMessage({ paused_by: ['owner'] })).toContain('until the owner resumes');
});

test.each([
  [undefined, 'Disable and cancel all pending deliveries', 'All pending deliveries will be cancelled'],
  [0, 'Disable', 'New events are not delivered'],
  [1, 'Disable and cancel 1 delivery', '1 delivery that'],
  [10_000, 'Disable and cancel 10,000 or more deliveries', '10,000 or more deliveries'],
])('the question before a webhook with %s pending deliveries is disabled says what is cancelled', (pending, label, effect) => {
  const question = disableQuestion(pending);
  expect(question.label).toBe(label);
  expect(question.effect).toContain(effect);
});

test('a replay without a chosen status is of all finished deliveries, or of missed events only', () => {
  expect(replayStatus([], false)).toEqual(FINISHED);
  expect(replayStatus([], true)).toEqual([]);
  expect(replayStatus(['failed'], true)).toEqual(['failed']);
});

describe('bodyOf', () => {
  test('sends only the URL and defaults for an empty form', () => {
    expect(bodyOf({ ...NEW_DRAFT, url: 'https://example.com' }, { replaceHeaders: true })).toEqual({
      url: 'https://example.com',
      description: null,
      event_types: ['*'],
      ordering: 'unordered',
      rate_limit: null,
      retry: null,
      headers: {},
    });
  });

  test('sends the settings of an unchanged webhook without its headers', () => {
    const body = bodyOf(draftOf(webhook), { replaceHeaders: false });
    expect(body).toMatchObject({ url: webhook.url, event_types: ['*'], retry: webhook.retry, max_in_flight: 10 });
    expect(body).not.toHaveProperty('headers');
  });

  test('sends the schedule of a webhook, and no other values beside it', () => {
    const scheduled = draftOf({ ...webhook, retry: { schedule: 'standard-webhooks' } });
    expect(bodyOf(scheduled, { replaceHeaders: false }).retry).toEqual({ schedule: 'standard-webhooks' });
    const chosen = { ...draftOf(webhook).retry, schedule: 'standard-webhooks' as const };
    expect(bodyOf({ ...NEW_DRAFT, retry: chosen }, { replaceHeaders: false }).retry).toEqual({ schedule: 'standard-webhooks' });
  });

  test('sends headers that have a name or a value and leaves the validation to the API', () => {
    const headers = [
      { key: 1, name: 'X-Key', value: 'secret' },
      { key: 2, name: '', value: '' },
    ];
    expect(bodyOf({ ...NEW_DRAFT, headers }, { replaceHeaders: true }).headers).toEqual({ 'X-Key': 'secret' });
  });
});

describe('validation errors of the API', () => {
  const errors = {
    url: 'must be a URL',
    'event_types.1': 'must be known',
    'retry.max_attempts': 'is too much',
    shape: 'is odd',
  };
  test('are shown at their fields', () => {
    expect(fieldError(errors, 'url')).toBe('Must be a URL.');
    expect(fieldError(errors, 'event_types')).toBe('1: must be known');
    expect(fieldError(errors, 'retry.max_attempts')).toBe('Is too much.');
    expect(fieldError(errors, 'headers')).toBeUndefined();
  });
  test('without a matching field are returned separately', () => {
    expect(unmatchedErrors(errors)).toEqual(['shape: is odd']);
  });
});

test.each([
  [null, {}],
  ['invoice.paid', { type: 'invoice.paid' }],
  ['invoice.paid@2', { type: 'invoice.paid', version: 2 }],
])('a test of %p has the body %p', (chosen, body) => {
  expect(testedType(chosen)).toEqual(body);
});
