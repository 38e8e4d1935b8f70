import { expect, test } from '@jest/globals';
import { matches } from './matches.js';
import { NOTHING, withNewer, type Arrival } from './recent.js';

const arrival = (id: string): Arrival => ({
  event: { id, type: 'sync.failed', data: { user_id: 'a', error_message: 'x' } },
  at: 1,
});
const ids = (arrivals: readonly Arrival[]): string[] => arrivals.map(({ event }) => event.id);

test('the newest come first, and the list is bounded, whatever comes', () => {
  const first = withNewer(NOTHING, [arrival('1'), arrival('2')], 3);
  expect(ids(first.arrivals)).toEqual(['2', '1']);
  const second = withNewer(first, ['3', '4', '5'].map(arrival), 3);
  expect(ids(second.arrivals)).toEqual(['5', '4', '3']);
  expect(second.dropped).toBe(2);
  expect(withNewer(second, [], 3)).toEqual(second);
});

test.each([
  [[], 'sync.failed', true],
  [['sync.failed'], 'sync.failed', true],
  [['sync.*'], 'sync.failed', true],
  [['*'], 'sync.failed', true],
  [['sync.*'], 'synchro.failed', false],
  [['gaps.updated', 'sync.completed'], 'sync.failed', false],
])('the filter %j shows %s: %p', (patterns, type, shown) => {
  expect(matches(patterns, type)).toBe(shown);
});
