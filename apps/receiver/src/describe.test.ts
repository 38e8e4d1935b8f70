import { expect, test } from '@jest/globals';
import { describe } from './describe.js';

const NOON = new Date('2026-01-01T12:00:00Z');

test('what was verified is shown whole', () => {
  const arrival = { id: 'evt_1', attempt: 2, refused: null, type: 'sync.completed', data: { user_id: 'alice' } };
  expect(describe(arrival, NOON)).toBe(
    '12:00:00.000 receiver ✓ sync.completed (evt_1, attempt 2, signature verified) {"user_id":"alice"}',
  );
});

test('what was refused shows why, and no control characters of the sender', () => {
  expect(describe({ id: 'evt_\u001b[2J', attempt: 1, refused: 'No matching signature found' }, NOON)).toBe(
    '12:00:00.000 receiver ✗ not verified: No matching signature found (evt_?[2J, attempt 1)',
  );
});
