import { describe, expect, test } from '@jest/globals';
import { createKnownEvents, type KnownEvent } from './known-events.js';

const event = (position: number, id = `e${String(position)}`): KnownEvent => ({ position, id, owner: null });
const remembering = (capacity: number, ...positions: number[]) => {
  const known = createKnownEvents(capacity);
  for (const position of positions) known.add(event(position));
  return known;
};

describe('the known events', () => {
  test('are found by position and by id, until newer ones replace them', () => {
    const known = remembering(3, 1, 2, 3, 4);
    expect(known.at(1)).toBeUndefined();
    expect(known.find('e1')).toBeUndefined();
    expect(known.at(4)).toEqual(event(4));
    expect(known.find('e2')).toEqual(event(2));
    expect(known.at(7)).toBeUndefined();
  });

  test.each([
    ['nothing lost', [1, 2, 3], [event(2), event(3)], { after: 3, lost: [] }],
    ['the newest lost', [1, 2, 3], [event(1)], { after: 1, lost: ['e2', 'e3'] }],
    ['positions given again', [1, 2, 3], [event(1), event(2, 'x'), event(3, 'y')], { after: 1, lost: ['e2', 'e3'] }],
    ['gaps between the positions', [1, 4, 9], [event(4), event(42)], { after: 4, lost: ['e9'] }],
    ['all lost', [1, 2, 3], [], undefined],
    ['no common event left in the memory', [8, 9], [event(3), event(8, 'x')], undefined],
  ])('compared with a log: %s', (_what, positions, newest, expected) => {
    const loss = remembering(10, ...positions).compareWith(newest);
    expect(loss && { after: loss.after, lost: [...loss.events.keys()] }).toEqual(expected);
  });
});
