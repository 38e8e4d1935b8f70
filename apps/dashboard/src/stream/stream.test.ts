import { expect, test } from '@jest/globals';
import { matchesPatterns } from './matches-patterns.js';
import { NO_EVENTS, addEvents, type ReceivedEvent } from './recent-events.js';

const received = (id: string): ReceivedEvent => ({
  event: { id, type: 'sync.failed', data: { user_id: 'a', error_message: 'x' }, json: '{}' },
  receivedAt: 1,
});
const ids = (events: readonly ReceivedEvent[]): string[] => events.map(({ event }) => event.id);

test('keeps the newest events first and drops those beyond the limit', () => {
  const first = addEvents(NO_EVENTS, [received('1'), received('2')], 3);
  expect(ids(first.events)).toEqual(['2', '1']);
  const second = addEvents(first, ['3', '4', '5'].map(received), 3);
  expect(ids(second.events)).toEqual(['5', '4', '3']);
  expect(second.droppedCount).toBe(2);
  expect(addEvents(second, [], 3)).toEqual(second);
});

test.each([
  [[], 'sync.failed', true],
  [['sync.failed'], 'sync.failed', true],
  [['sync.*'], 'sync.failed', true],
  [['*'], 'sync.failed', true],
  [['sync.*'], 'synchro.failed', false],
  [['gaps.updated', 'sync.completed'], 'sync.failed', false],
])('the patterns %j match %s: %p', (patterns, type, expected) => {
  expect(matchesPatterns(patterns, type)).toBe(expected);
});
