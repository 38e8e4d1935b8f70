import { expect, test } from '@jest/globals';
import { leaseMsFor, LONGEST_LEASE_S, MAX_DELIVERY_TIMEOUT_MS } from './lease.js';

test('a lease outlasts the request and as long again for recording it', () => {
  expect(leaseMsFor(15_000)).toBe(30_000);
});

test('no lease holds longer than the longest', () => {
  expect(LONGEST_LEASE_S * 1000).toBe(leaseMsFor(MAX_DELIVERY_TIMEOUT_MS));
});
