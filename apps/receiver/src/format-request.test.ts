import { expect, test } from '@jest/globals';
import { formatRequest } from './format-request.js';

const NOON = new Date('2026-01-01T12:00:00Z');

test('a verified request shows type, id, attempt and data', () => {
  const received = { id: 'evt_1', attempt: 2, refused: null, type: 'sync.completed', data: { user_id: 'alice' } };
  expect(formatRequest(received, NOON)).toBe(
    '12:00:00.000 receiver ✓ sync.completed (evt_1, attempt 2, signature verified) {"user_id":"alice"}',
  );
});

test('a refused request shows the reason, and replaces control characters of the sender', () => {
  expect(formatRequest({ id: 'evt_\u001b[2J', attempt: 1, refused: 'No matching signature found' }, NOON)).toBe(
    '12:00:00.000 receiver ✗ not verified: No matching signature found (evt_?[2J, attempt 1)',
  );
});
