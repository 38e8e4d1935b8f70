import { expect, test } from '@jest/globals';
import { parseDuration } from './duration.js';

test.each([
  ['90s', 90],
  ['15m', 900],
  ['1h', 3600],
  ['7d', 604_800],
  ['', undefined],
  ['0s', undefined],
  ['3600', undefined],
  ['-1h', undefined],
  ['1.5h', undefined],
  ['1h30m', undefined],
  ['99999999999d', undefined],
])('parses %j as %j seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});
