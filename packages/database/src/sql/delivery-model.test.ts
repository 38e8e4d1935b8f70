import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { violations } from '../../test/model/properties.js';
import type { Answer } from '../../test/model/record.js';
import { RULES, type Rules } from '../../test/model/state.js';
import {
  addStrayJob,
  CORRECT,
  crashWorker,
  createSimulation,
  flushRedis,
  LEASE_MS,
  passTime,
  publish,
  reconcile,
  setPaused,
  stepClock,
  stepWorker,
  type Behaviour,
  type Simulation,
} from '../../test/model/simulation.js';

const WORKERS = 3;
const HOUR_MS = 3_600_000;
const WEBHOOKS = [
  { id: 'narrow', maxInFlight: 2 },
  { id: 'ordered', ordering: 'fifo' as const },
];

type Action = (simulation: Simulation, behaviour: Behaviour) => Simulation;
/** Gives an action a name, which a counterexample shows. */
const named = <Value>(arbitrary: fc.Arbitrary<Value>, name: string, act: (value: Value) => Action) =>
  arbitrary.map((value): Action & { toString: () => string } =>
    Object.assign(act(value), { toString: () => `${name} ${JSON.stringify(value)}` }),
  );

const webhooks = fc.array(fc.constantFrom('narrow', 'ordered'), { minLength: 1, maxLength: 3 });
const worker = fc.nat(WORKERS - 1);
const answer = fc.constantFrom<Answer>(204, 204, 500, null, null);
const crashes = fc.nat(4).map((n) => n === 0);
const action = fc.oneof(
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(webhooks, crashes),
      'publish',
      ([ids, crashed]) =>
        (simulation, behaviour) =>
          publish(simulation, ids, crashed, behaviour),
    ),
  },
  {
    weight: 20,
    arbitrary: named(
      fc.tuple(worker, answer),
      'step',
      ([index, receiverAnswer]) =>
        (simulation, behaviour) =>
          stepWorker(simulation, index, receiverAnswer, behaviour),
    ),
  },
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(worker, fc.boolean()),
      'crash',
      ([index, noticed]) =>
        (simulation) =>
          crashWorker(simulation, index, noticed),
    ),
  },
  {
    weight: 3,
    arbitrary: named(crashes, 'reconcile', (crashed) => (simulation, behaviour) => reconcile(simulation, crashed, behaviour)),
  },
  { weight: 2, arbitrary: named(fc.nat(9), 'stray', (index) => (simulation) => addStrayJob(simulation, index)) },
  { weight: 1, arbitrary: named(fc.constant(null), 'flush', () => flushRedis) },
  {
    weight: 2,
    arbitrary: named(
      fc.tuple(fc.constantFrom(null, 'narrow', 'ordered'), fc.boolean()),
      'pause',
      ([id, paused]) =>
        (simulation) =>
          setPaused(simulation, id, paused),
    ),
  },
  {
    weight: 3,
    arbitrary: named(
      fc.constantFrom(1000, 10_000, 20_000, LEASE_MS + 1),
      'pass',
      (ms) => (simulation) => passTime(simulation, ms),
    ),
  },
  {
    weight: 1,
    arbitrary: named(
      fc.constantFrom(-HOUR_MS, -30_000, 30_000, HOUR_MS),
      'clock',
      (ms) => (simulation) => stepClock(simulation, ms),
    ),
  },
);
const actionSequence = fc.array(action, { minLength: 1, maxLength: 120, size: 'max' });

/** Ends the faults: resumes everything, and lets the reconciler run and workers finish, with receivers that answer 204. */
function recover(simulation: Simulation, behaviour: Behaviour): Simulation {
  let next = setPaused(simulation, null, false);
  for (const { id } of WEBHOOKS) next = setPaused(next, id, false);
  const pending = () => next.log.deliveries.some(({ status }) => status === 'pending');
  // Each action may have set the clock back.
  for (let round = 0; round < 300 && pending(); round += 1) {
    next = reconcile(passTime(next, HOUR_MS), false, behaviour);
    for (let count = 0; count < 40; count += 1) {
      for (let index = 0; index < WORKERS; index += 1) next = stepWorker(next, index, 204, behaviour);
    }
  }
  return next;
}

/** Does the actions and then recovers. Returns the violated properties, which include that every delivery ends. */
function violationsOf(actions: readonly Action[], behaviour: Behaviour): string[] {
  let simulation = createSimulation(WEBHOOKS, WORKERS);
  for (const act of actions) {
    simulation = act(simulation, behaviour);
    const found = violations(simulation);
    if (found.length > 0) return found;
  }
  simulation = recover(simulation, behaviour);
  const pending = simulation.log.deliveries
    .filter(({ status }) => status === 'pending')
    .map(({ id }) => `liveness: ${id} does not end.`);
  return [...violations(simulation), ...pending];
}

test('crashes, pauses, lost jobs and clock changes break no property of a delivery', () => {
  fc.assert(
    fc.property(actionSequence, (actions) => {
      expect(violationsOf(actions, CORRECT)).toEqual([]);
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 15_000 },
  );
});

describe('the properties detect', () => {
  const without = (rule: keyof Rules): Partial<Behaviour> => ({ rules: { ...RULES, [rule]: false } });

  test.each<[string, Partial<Behaviour>, RegExp]>([
    ['an accepted delivery without a wake time', without('acceptHasWakeTime'), /^I2/],
    ['a claimed delivery without a wake time', without('claimHasWakeTime'), /^I2/],
    ['a claim of a delivery that another worker has leased', without('claimHonoursLeases'), /^I4|^I3/],
    ['a claim that ignores the requests in flight', without('claimCountsInFlight'), /^I5/],
    ['a claim of a fifo delivery that is not first in line', without('claimKeepsFifoOrder'), /^fifo/],
    ['a fifo delivery that releases its slot between attempts', without('fifoRetryKeepsSlot'), /^fifo/],
    ['a record without the lease', without('recordRequiresLease'), /^I3/],
    ['a claim of a paused delivery', without('claimHonoursPause'), /^pause/],
    ['an expired lease that is not withdrawn', without('wakeWithdrawsLeases'), /^liveness/],
    ['a reconciler that does not wake', { wakes: false }, /^liveness/],
    ['a reconciler that does not release', { releases: false }, /^liveness/],
    ['a worker that takes any response for a 2xx', { requires2xx: false }, /^I3/],
  ])('%s', (_, broken, expected) => {
    const result = fc.check(
      fc.property(
        actionSequence,
        (actions) => !violationsOf(actions, { ...CORRECT, ...broken }).some((violation) => expected.test(violation)),
      ),
      { numRuns: 2000, interruptAfterTimeLimit: 15_000, endOnFailure: true },
    );
    expect(result.counterexample).not.toBeNull();
  });
});
