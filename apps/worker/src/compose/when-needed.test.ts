import { expect, test } from '@jest/globals';
import type { PeriodicWork } from '@tidings/database';
import { createWhenNeeded } from './when-needed.js';

const NOTHING: PeriodicWork = { expansions: false, cancellations: false, notices: false, verifications: false };
const isStopping = () => false;

test('rounds that start together share one read, and run only when they have something to do', async () => {
  let reads = 0;
  const ran: string[] = [];
  const whenNeeded = createWhenNeeded(() => {
    reads += 1;
    return Promise.resolve({ ...NOTHING, notices: reads > 1 });
  });
  const note = (name: string) => () => Promise.resolve(ran.push(name));
  const rounds = [whenNeeded('expansions', note('expand')), whenNeeded('notices', note('notify'))];
  await Promise.all(rounds.map((round) => round(isStopping)));
  expect({ reads, ran }).toEqual({ reads: 1, ran: [] });
  await Promise.all(rounds.map((round) => round(isStopping)));
  expect({ reads, ran }).toEqual({ reads: 2, ran: ['notify'] });
});

test('a round fails when the read does, and the next one reads again', async () => {
  let isAway = true;
  const whenNeeded = createWhenNeeded(() => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(NOTHING)));
  const round = whenNeeded('expansions', () => Promise.resolve());
  await expect(round(isStopping)).rejects.toThrow('away');
  isAway = false;
  await round(isStopping);
});
