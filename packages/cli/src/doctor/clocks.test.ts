import { describe, expect, test } from '@jest/globals';
import { compareClocks, readClock } from './clocks.js';

const reading = (name: string, aheadMs: number, roundTripMs = 10) => ({
  name,
  requestedAt: 1000,
  serverTime: 1000 + roundTripMs / 2 + aheadMs,
  receivedAt: 1000 + roundTripMs,
});

describe('compareClocks', () => {
  test.each([
    [
      'is ok for equal clocks',
      [reading('PostgreSQL', 3), reading('Redis', -3)],
      'ok',
      /^this machine, PostgreSQL, Redis: at most 0\.0 s apart$/,
    ],
    [
      'warns of a small difference',
      [reading('PostgreSQL', 1500), reading('Redis', 0)],
      'warning',
      /^this machine and PostgreSQL are 1\.5 s apart$/,
    ],
    [
      'reports a server clock that differs from this machine',
      [reading('PostgreSQL', -9000)],
      'wrong',
      /^this machine and PostgreSQL are 9\.0 s apart$/,
    ],
    [
      'reports two servers that differ from each other',
      [reading('PostgreSQL', -4000), reading('Redis', 4000)],
      'wrong',
      /^PostgreSQL and Redis are 8\.0 s apart$/,
    ],
    ['is ok when a slow response can explain the difference', [reading('Redis', 3000, 6000)], 'ok', /apart$/],
    [
      'allows for a server that says whole seconds',
      [{ ...reading('API', -900), resolutionMs: 1000 }, reading('Redis', 0)],
      'ok',
      /^this machine, API, Redis: at most/,
    ],
    [
      'reports an API whose clock differs',
      [{ ...reading('API', -60_000), resolutionMs: 1000 }],
      'wrong',
      /^this machine and API are 59\.5 s apart$/,
    ],
    ['is skipped without readings', [], 'skipped', /could be read$/],
  ])('%s', (_case, readings, level, message) => {
    expect(compareClocks(readings)).toMatchObject({ level, message: expect.stringMatching(message) });
  });

  test('readClock returns the local times before and after the reading', async () => {
    const times = [10, 30];
    expect(
      await readClock(
        'Redis',
        () => Promise.resolve(25),
        () => times.shift() ?? 0,
      ),
    ).toEqual({
      name: 'Redis',
      requestedAt: 10,
      serverTime: 25,
      receivedAt: 30,
    });
  });
});
