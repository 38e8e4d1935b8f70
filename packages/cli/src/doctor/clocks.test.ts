import { describe, expect, test } from '@jest/globals';
import { judgeClocks, readClock } from './clocks.js';

const reading = (name: string, said: number, wayMs = 10) => ({
  name,
  before: 1000,
  said: 1000 + wayMs / 2 + said,
  after: 1000 + wayMs,
});

describe('the clocks', () => {
  test.each([
    ['agree', [reading('PostgreSQL', 3), reading('Redis', -3)], 'ok', /^this machine, PostgreSQL, Redis: at most 0\.0 s apart$/],
    [
      'differ a little',
      [reading('PostgreSQL', 1500), reading('Redis', 0)],
      'warning',
      /^this machine and PostgreSQL are 1\.5 s apart$/,
    ],
    ['differ from ours', [reading('PostgreSQL', -9000)], 'wrong', /^this machine and PostgreSQL are 9\.0 s apart$/],
    [
      'differ among each other',
      [reading('PostgreSQL', -4000), reading('Redis', 4000)],
      'wrong',
      /^PostgreSQL and Redis are 8\.0 s apart$/,
    ],
    ['could agree, as the way was long', [reading('Redis', 3000, 6000)], 'ok', /apart$/],
    ['are not told', [], 'skipped', /told the time$/],
  ])('%s', (_case, readings, level, message) => {
    expect(judgeClocks(readings)).toMatchObject({ level, message: expect.stringMatching(message) });
  });

  test('are read between two looks at ours', async () => {
    const times = [10, 30];
    expect(
      await readClock(
        'Redis',
        () => Promise.resolve(25),
        () => times.shift() ?? 0,
      ),
    ).toEqual({
      name: 'Redis',
      before: 10,
      said: 25,
      after: 30,
    });
  });
});
