import { describe, expect, test } from '@jest/globals';
import type { Webhook } from '../api/api.js';
import { checkUrl } from './check-url.js';
import { conditionOf } from './condition.js';
import { bodyOf, draftOf, mistakesOf, NEW_DRAFT, otherMistakes } from './draft.js';

const webhook: Webhook = {
  id: 'wh_1',
  url: 'https://example.com/hook',
  event_types: ['*'],
  description: null,
  header_names: ['X-Key'],
  previous_secrets_valid_until: null,
  enabled: true,
  paused: false,
  max_in_flight: 10,
  rate_limit: null,
  ordering: 'unordered',
  retry: { max_attempts: 5, initial_delay_ms: 1500 },
  disabled_reason: null,
  disabled_at: null,
  failing_since: null,
  circuit: { state: 'closed', opened_at: null, probe_at: null },
  created_at: '2026-11-24T10:00:00Z',
  updated_at: '2026-11-24T10:00:00Z',
};

describe('what is wrong with a URL while it is typed', () => {
  test.each(['https://example.com', 'http://127.0.0.1:5000/hook', 'HTTPS://Example.com:8443/?a=1', 'https://bücher.example'])(
    'nothing, as far as a page can tell: %s',
    (url) => {
      expect(checkUrl(url)).toBeNull();
    },
  );
  test.each([
    ['', 'needs a URL'],
    ['example.com', 'begins with https://'],
    ['ftp://example.com', 'begins with https://'],
    ['https://', 'not a URL yet'],
    ['https://exa mple.com', 'spaces'],
    ['https://me:pw@example.com', 'user name or password'],
    ['https://example.com:22', 'port'],
    [`https://example.com/${'x'.repeat(2048)}`, '2048 characters'],
  ])('%s: %s', (url, mistake) => {
    expect(checkUrl(url)).toContain(mistake);
  });
});

describe('the condition of a webhook is the one that matters most', () => {
  const open = { state: 'open', opened_at: null, probe_at: null } as const;
  test.each<[string, Partial<Webhook>]>([
    ['Active', {}],
    ['Failing', { failing_since: '2026-11-24T10:00:00Z' }],
    ['Not reached: waiting', { failing_since: '2026-11-24T10:00:00Z', circuit: open }],
    ['Not reached: probing', { circuit: { ...open, state: 'half_open' } }],
    ['Paused by the operator', { paused: true, circuit: open }],
    ['Disabled', { enabled: false, paused: true }],
    ['Disabled: it kept failing', { enabled: false, disabled_reason: 'failing' }],
    ['Disabled: it answered 410', { enabled: false, disabled_reason: 'gone' }],
    ['Disabled by the operator', { enabled: false, disabled_reason: 'operator' }],
  ])('%s', (label, more) => {
    expect(conditionOf({ ...webhook, ...more }).label).toBe(label);
  });
});

describe('what is sent of the form', () => {
  test('of an empty one is a URL and what it says of itself, no more', () => {
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

  test('of a webhook that nobody changed is what it has, and leaves its headers alone', () => {
    const body = bodyOf(draftOf(webhook), { replaceHeaders: false });
    expect(body).toMatchObject({ url: webhook.url, event_types: ['*'], retry: webhook.retry, max_in_flight: 10 });
    expect(body).not.toHaveProperty('headers');
  });

  test('of headers are those that have a name or a value: the API says what is wrong with half of one', () => {
    const headers = [
      { key: 1, name: 'X-Key', value: 'secret' },
      { key: 2, name: '', value: '' },
    ];
    expect(bodyOf({ ...NEW_DRAFT, headers }, { replaceHeaders: true }).headers).toEqual({ 'X-Key': 'secret' });
  });
});

describe("the API's mistakes", () => {
  const mistakes = {
    url: 'must be a URL',
    'event_types.1': 'must be known',
    'retry.max_attempts': 'is too much',
    shape: 'is odd',
  };
  test('stand at their fields', () => {
    expect(mistakesOf(mistakes, 'url')).toBe('Must be a URL.');
    expect(mistakesOf(mistakes, 'event_types')).toBe('1: must be known');
    expect(mistakesOf(mistakes, 'retry.max_attempts')).toBe('Is too much.');
    expect(mistakesOf(mistakes, 'headers')).toBeUndefined();
  });
  test('that no field stands for are not lost', () => {
    expect(otherMistakes(mistakes)).toEqual(['shape: is odd']);
  });
});
