import { beforeEach, describe, expect, test } from '@jest/globals';
import { createFailureLimit } from './known-failures.js';

const SECOND = 1000;
const MINUTE = 60_000;
let now: number;
let limit: ReturnType<typeof createFailureLimit>;
beforeEach(() => {
  now = 0;
  limit = createFailureLimit(
    ({ error }) => {
      if (error === 'away') return { topic: 'database', details: { reason: 'it is away' } };
      return error === 'locked' ? { topic: null, details: { reason: 'it is locked' } } : null;
    },
    () => now,
  );
});

describe('warnings about a known failure', () => {
  test('have its explanation in place of the error', () => {
    expect(limit('warn', 'A round failed.', { task: 'reconcile', error: 'away' })).toEqual({
      task: 'reconcile',
      reason: 'it is away',
    });
  });

  test('are written once a minute, whatever their messages are, with the number of those that were dropped', () => {
    expect(limit('warn', 'A round failed.', { error: 'away' })).not.toBeNull();
    for (now = SECOND; now < MINUTE; now += SECOND) {
      expect(limit('warn', now % 2 === 0 ? 'A round failed.' : 'A request failed.', { error: 'away' })).toBeNull();
    }
    expect(limit('warn', 'A request failed.', { error: 'away' })).toEqual({ reason: 'it is away', held_back: 59 });
  });

  test('are written at once when they begin a second outage', () => {
    limit('warn', 'A round failed.', { error: 'away' });
    now = 15 * SECOND;
    expect(limit('warn', 'A round failed.', { error: 'away' })).toEqual({ reason: 'it is away' });
  });

  test('without a topic are written once a minute for each message', () => {
    expect(limit('warn', 'A round failed.', { error: 'locked' })).not.toBeNull();
    expect(limit('warn', 'A request failed.', { error: 'locked' })).not.toBeNull();
    expect(limit('warn', 'A round failed.', { error: 'locked' })).toBeNull();
  });
});

test('an error is written each time, without the stack trace of a known failure', () => {
  for (const delivery_id of [1, 2]) {
    expect(limit('error', 'Not recorded.', { delivery_id, error: 'away' })).toEqual({ delivery_id, reason: 'it is away' });
  }
});

test('other lines stay as they are', () => {
  for (const details of [undefined, { webhook_id: 1 }, { error: 'another' }]) {
    for (let count = 0; count < 2; count += 1) expect(limit('warn', 'x', details)).toBe(details);
  }
});
