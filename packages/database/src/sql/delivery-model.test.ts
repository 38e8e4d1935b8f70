import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { violations } from '../../test/model/properties.js';
import type { Answer } from '../../test/model/record.js';
import { RULES, type Rules } from '../../test/model/state.js';
import {
  crash,
  createWorld,
  flush,
  HABITS,
  LEASE_MS,
  pass,
  pause,
  publish,
  reconcile,
  step,
  stepClock,
  stray,
  type Habits,
  type World,
} from '../../test/model/world.js';

const WORKERS = 3;
const HOUR_MS = 3_600_000;
const WEBHOOKS = [
  { id: 'narrow', maxInFlight: 2 },
  { id: 'ordered', ordering: 'fifo' as const },
];

type Act = (world: World, habits: Habits) => World;
const named = <Value>(arbitrary: fc.Arbitrary<Value>, name: string, act: (value: Value) => Act) =>
  arbitrary.map((value): Act & { toString: () => string } =>
    Object.assign(act(value), { toString: () => `${name} ${JSON.stringify(value)}` }),
  );

const webhooks = fc.array(fc.constantFrom('narrow', 'ordered'), { minLength: 1, maxLength: 3 });
const worker = fc.nat(WORKERS - 1);
const answer = fc.constantFrom<Answer>(204, 204, 500, null, null);
const dies = fc.nat(4).map((n) => n === 0);
const anything = fc.oneof(
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(webhooks, dies),
      'publish',
      ([ids, lost]) =>
        (world, habits) =>
          publish(world, ids, lost, habits),
    ),
  },
  {
    weight: 20,
    arbitrary: named(
      fc.tuple(worker, answer),
      'step',
      ([index, said]) =>
        (world, habits) =>
          step(world, index, said, habits),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(worker, fc.boolean()),
      'crash',
      ([index, noticed]) =>
        (world) =>
          crash(world, index, noticed),
    ),
  },
  { weight: 3, arbitrary: named(dies, 'reconcile', (lost) => (world, habits) => reconcile(world, lost, habits)) },
  { weight: 2, arbitrary: named(fc.nat(9), 'stray', (index) => (world) => stray(world, index)) },
  { weight: 1, arbitrary: named(fc.constant(null), 'flush', () => flush) },
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(fc.constantFrom(null, 'narrow', 'ordered'), fc.boolean()),
      'pause',
      ([id, paused]) =>
        (world) =>
          pause(world, id, paused),
    ),
  },
  {
    weight: 3,
    arbitrary: named(fc.constantFrom(1000, 10_000, 20_000, LEASE_MS + 1), 'pass', (ms) => (world) => pass(world, ms)),
  },
  {
    weight: 1,
    arbitrary: named(fc.constantFrom(-HOUR_MS, -30_000, 30_000, HOUR_MS), 'clock', (ms) => (world) => stepClock(world, ms)),
  },
);
const story = fc.array(anything, { minLength: 1, maxLength: 120, size: 'max' });

/** After the faults end, and all goes on: rounds of the reconciler, with workers that finish and endpoints that answer. */
function settle(world: World, habits: Habits): World {
  let next = pause(world, null, false);
  for (const { id } of WEBHOOKS) next = pause(next, id, false);
  const pending = () => next.log.deliveries.some(({ status }) => status === 'pending');
  // The clocks may have been set back as often as there are acts.
  for (let round = 0; round < 300 && pending(); round += 1) {
    next = reconcile(pass(next, HOUR_MS), false, habits);
    for (let count = 0; count < 40; count += 1) {
      for (let index = 0; index < WORKERS; index += 1) next = step(next, index, 204, habits);
    }
  }
  return next;
}

/** Everything that goes wrong in a story, which is then brought to its end. */
function mistakes(acts: readonly Act[], habits: Habits): string[] {
  let world = createWorld(WEBHOOKS, WORKERS);
  for (const act of acts) {
    world = act(world, habits);
    const found = violations(world);
    if (found.length > 0) return found;
  }
  world = settle(world, habits);
  const pending = world.log.deliveries
    .filter(({ status }) => status === 'pending')
    .map(({ id }) => `liveness: ${id} never ends.`);
  return [...violations(world), ...pending];
}

test('whatever crashes, pauses, is lost or set back: all that is promised of a delivery holds', () => {
  fc.assert(
    fc.property(story, (acts) => {
      expect(mistakes(acts, HABITS)).toEqual([]);
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 15_000 },
  );
});

describe('the properties notice', () => {
  const without = (rule: keyof Rules): Partial<Habits> => ({ rules: { ...RULES, [rule]: false } });

  test.each<[string, Partial<Habits>, RegExp]>([
    ['that nobody looks at what was accepted', without('acceptedIsWatched'), /^I2/],
    ['that nobody looks at what was claimed', without('claimedIsWatched'), /^I2/],
    ['a claim of what is leased to another', without('leasesExclude'), /^I4|^I3/],
    ['a claim that counts nothing', without('claimsCount'), /^I5/],
    ['a claim of what is not first in line', without('claimsInLine'), /^fifo/],
    ['a fifo delivery that gives its slot back between attempts', without('retriesKeepSlot'), /^fifo/],
    ['a record without the lease', without('recordsFenced'), /^I3/],
    ['a claim of what is to wait', without('claimsHeedPause'), /^pause/],
    ['a lease that ran out and is not withdrawn', without('leasesWithdrawn'), /^liveness/],
    ['a reconciler that does not wake', { wakes: false }, /^liveness/],
    ['a reconciler that does not release', { releases: false }, /^liveness/],
    ['a worker that takes any answer for a 2xx', { believesOnly2xx: false }, /^I3/],
  ])('%s', (_, broken, expected) => {
    const result = fc.check(
      fc.property(story, (acts) => !mistakes(acts, { ...HABITS, ...broken }).some((mistake) => expected.test(mistake))),
      { numRuns: 2000, interruptAfterTimeLimit: 15_000, endOnFailure: true },
    );
    expect(result.counterexample).not.toBeNull();
  });
});
