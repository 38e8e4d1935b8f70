import { expect, test } from '@jest/globals';
import { disableQuestion } from './enable.js';

test.each([
  [1, '1 pending delivery.'],
  [2, '2 pending deliveries.'],
  [9_999, '9999 pending deliveries.'],
  // The API counts no more.
  [10_000, '10,000 or more pending deliveries.'],
])('disabling a webhook with %d pending deliveries names how many it cancels', (pending, text) => {
  expect(disableQuestion('wh_1', pending)).toContain(`Disabling cancels ${text}`);
});
