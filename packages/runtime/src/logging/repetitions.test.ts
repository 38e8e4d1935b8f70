import { beforeEach, expect, test } from '@jest/globals';
import { createRepetitions } from './repetitions.js';

const SECOND = 1000;
let at = 0;
const now = () => at;
beforeEach(() => {
  at = 0;
});

test('of the lines about one topic, one is written a minute, with the number of the others', () => {
  const repetitions = createRepetitions({ now });
  expect(repetitions.next('gone')).toEqual({ write: true, fields: {} });
  for (at = SECOND; at < 60 * SECOND; at += SECOND) expect(repetitions.next('gone').write).toBe(false);
  expect(repetitions.next('gone')).toEqual({ write: true, fields: { held_back: 59 } });
  expect(repetitions.next('gone').write).toBe(false);
  at += 60 * SECOND;
  expect(repetitions.next('gone')).toEqual({ write: true, fields: { held_back: 1 } });
});

test('a second outage is written at once, also within the minute of the first one', () => {
  const repetitions = createRepetitions({ overAfterMs: 15 * SECOND, now });
  repetitions.next('gone');
  at += 14 * SECOND;
  expect(repetitions.next('gone').write).toBe(false);
  at += 15 * SECOND;
  expect(repetitions.next('gone')).toEqual({ write: true, fields: { held_back: 1 } });
});

test('another topic is written, and thousands of topics are not remembered', () => {
  const repetitions = createRepetitions({ now });
  repetitions.next('gone');
  expect(repetitions.next('full').write).toBe(true);
  for (let topic = 0; topic < 1000; topic += 1) repetitions.next(String(topic));
  expect(repetitions.next('gone').write).toBe(true);
});
