import { describe, expect, test } from '@jest/globals';
import { relative } from './clock.js';
import { count, counted, duration, percent } from './numbers.js';

describe('a number is written as a person reads it', () => {
  test.each([
    [null, '–'],
    [1, '100 %'],
    [0.9999, '99.9 %'],
    [0.5, '50 %'],
    [0.0001, '0.1 %'],
    [0, '0 %'],
  ])('the share %p is %s: all means all, nothing means nothing', (share, text) => {
    expect(percent(share)).toBe(text);
  });

  test.each([
    [null, '–'],
    [0, '0 ms'],
    [999, '999 ms'],
    [1250, '1.3 s'],
    [90_000, '1.5 min'],
    [5_400_000, '1.5 h'],
  ])('%p milliseconds are %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test('counts have commas, and a word that fits', () => {
    expect(count(12_345)).toBe('12,345');
    expect([counted(1, 'event'), counted(2, 'event'), counted(0, 'delivery', 'deliveries')]).toEqual([
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
])('a time that is %d ms away is %s', (ms, text) => {
  expect(relative(1_000_000_000 + ms, 1_000_000_000)).toBe(text);
});
