import { expect, test } from '@jest/globals';
import { isCertain, possibleValues, startHistory } from './history.js';

test('both values are possible until a change is acknowledged', () => {
  const history = [...startHistory('a'), { value: 'b', fromMs: 10, untilMs: 20 }];
  expect(possibleValues(history, 0, 9)).toEqual(['a']);
  expect(possibleValues(history, 10, 15)).toEqual(['a', 'b']);
  expect(possibleValues(history, 21, 30)).toEqual(['b']);
  expect(isCertain(history, 0, 9, (value) => value === 'a')).toBe(true);
  expect(isCertain(history, 0, 10, (value) => value === 'a')).toBe(false);
});

test('after a change without an answer both values stay possible until the next answer', () => {
  const history = [...startHistory('a'), { value: 'b', fromMs: 10, untilMs: null }, { value: 'c', fromMs: 30, untilMs: 40 }];
  expect(possibleValues(history, 25, 29)).toEqual(['a', 'b']);
  expect(possibleValues(history, 35, 35)).toEqual(['a', 'b', 'c']);
  expect(possibleValues(history, 41, 50)).toEqual(['c']);
});
