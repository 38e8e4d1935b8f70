import { describe, expect, test } from '@jest/globals';
import { formatCount, formatQuantity, formatDuration, formatPercent } from './numbers.js';
import { formatRelative } from './time.js';

describe('formatting numbers', () => {
  test.each([
    [null, '–'],
    [1, '100 %'],
    [0.9999, '99.9 %'],
    [0.5, '50 %'],
    [0.0001, '0.1 %'],
    [0, '0 %'],
  ])('formats the share %p as %s: only 1 is 100 %%, only 0 is 0 %%', (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });

  test.each([
    [null, '–'],
    [0, '0 ms'],
    [999, '999 ms'],
    [1250, '1.3 s'],
    [90_000, '1.5 min'],
    [5_400_000, '1.5 h'],
  ])('formats %p milliseconds as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('formats counts with commas and the right form of the noun', () => {
    expect(formatCount(12_345)).toBe('12,345');
    expect([formatQuantity(1, 'event'), formatQuantity(2, 'event'), formatQuantity(0, 'delivery', 'deliveries')]).toEqual([
      '1 event',
      '2 events',
      '0 deliveries',
    ]);
  });
});

test.each([
  [-200, 'now'],
  [-61_000, '1 minute ago'],
  [3_700_000, 'in 1 hour'],
  [-172_800_000, '2 days ago'],
])('formats a time %d ms from now as %s', (ms, text) => {
  expect(formatRelative(1_000_000_000 + ms, 1_000_000_000)).toBe(text);
});
