import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RULES, type Rules } from '../../test/model/rules.js';
import { CORRECT, createSimulation, type Behaviour } from '../../test/model/simulation/simulation.js';
import { actionSequence, recover, WEBHOOKS, WORKERS, type Action } from '../../test/model/simulation/actions.js';
import { observe } from '../../test/model/simulation/observe.js';
import { violations, violationsInTheEnd } from '../../test/model/simulation/properties.js';
import { judgeAdmission, timeUntilRetried, waitingAfterClockStep } from '../../test/model/stories.js';

/** Does the actions and then recovers. Returns the violated properties, which include that every delivery ends. */
function violationsOf(actions: readonly Action[], behaviour: Behaviour): string[] {
  let simulation = createSimulation(WEBHOOKS, WORKERS);
  for (const act of actions) {
    simulation = observe(simulation, act(simulation, behaviour));
    const found = violations(simulation);
    if (found.length > 0) return found;
  }
  return violationsInTheEnd(recover(simulation, behaviour));
}

test('crashes, lost jobs, clock changes and changes of webhooks break no property of a delivery', () => {
  fc.assert(
    fc.property(actionSequence, (actions) => {
      expect(violationsOf(actions, CORRECT)).toEqual([]);
    }),
    { numRuns: 1500, interruptAfterTimeLimit: 15_000 },
  );
});

const without = (rule: keyof Rules) => ({ rules: { ...RULES, [rule]: false } });

describe('the properties detect', () => {
  test.each<[string, Partial<Behaviour>, RegExp]>([
    ['an accepted delivery without a wake time', without('acceptHasWakeTime'), /^I2/],
    ['a claimed delivery without a wake time', without('claimHasWakeTime'), /^I2/],
    ['a claim of a delivery that another worker has leased', without('claimHonoursLeases'), /^I4/],
    ['a claim that ignores the requests in flight', without('claimCountsInFlight'), /^I10/],
    ['a claim of a fifo delivery that is not first in line', without('claimKeepsFifoOrder'), /^fifo/],
    ['a claim that overtakes an event that is being expanded', without('claimWaitsForExpansions'), /^fifo/],
    ['a fifo delivery that loses its place between attempts', without('backoffHoldsLine'), /^fifo/],
    ['a failing replay that holds a fifo webhook', without('replaysLeaveLine'), /^fifo.*held back/],
    ['a webhook that becomes fifo and overtakes an expansion', without('fifoReopensExpansions'), /^fifo/],
    ['a claim of a paused delivery', without('claimHonoursPause'), /^pause/],
    ['a claim after its webhook was disabled', without('claimHonoursGeneration'), /^generation/],
    ['a change of a webhook that begins no generation', without('changeBeginsGeneration'), /^generation/],
    ['a late cancellation of what was accepted after enabling', without('cancelHonoursGeneration'), /^cancel/],
    ['a cancellation that frees the slot of a request under way', without('cancelKeepsLeases'), /^I4|^I10/],
    ['a cancellation that hides the success of a request under way', without('successEndsCancellation'), /^success/],
    ['a retry that frees the slot of a request under way', without('retryKeepsLease'), /^I4|^I10|^retry/],
    ['a requested retry that is forgotten', without('recordHonoursRetry'), /^retry/],
    ['a claim before the time that a receiver asked for', without('claimHonoursHolds'), /^I14.*before the time/],
    ['a hold that a later answer shortens', without('holdsAreKept'), /^I14.*before the time/],
    ['a hold that grows with each request that was under way', without('slowDownsAreCounted'), /^I14.*longer/],
    ['an answer "slower" that uses up an attempt', without('throttlesAreNotCounted'), /^I14.*failed/],
    ['a record without the lease', without('recordRequiresLease'), /^I3/],
    ['a wake that withdraws a live lease', without('wakeKeepsLeases'), /^I4/],
    ['a delivery that is written twice', without('expansionWritesOnce'), /^expansion.*two/],
    ['an event from before a webhook was enabled', without('expansionHonoursFromPosition'), /^expansion.*before/],
    ['a reconciler that does not wake', { wakes: false }, /^liveness/],
    ['a reconciler that only looks at recent wake times', { wakesAll: false }, /^liveness/],
    ['a reconciler that does not admit', { admits: false }, /^liveness/],
    ['workers that do not expand', { expands: false }, /^liveness.*expanded/],
    ['a locked record that is dropped', { recordsAgain: false }, /^I4/],
    ['a worker that takes any response for a 2xx', { requires2xx: false }, /^I3/],
  ])(
    '%s',
    (_, broken, expected) => {
      const result = fc.check(
        fc.property(
          actionSequence,
          (actions) => !violationsOf(actions, { ...CORRECT, ...broken }).some((violation) => expected.test(violation)),
        ),
        { numRuns: 20_000, endOnFailure: true },
      );
      expect(result.counterexample).not.toBeNull();
    },
    300_000,
  );
});

const few = (max: number) => fc.integer({ min: 1, max });

describe.each([
  {
    story: 'each webhook with a backlog has its turn in admission',
    rules: ['admissionTakesTurns'] as const,
    prove: (rules: Rules) => {
      const calls = fc.property(fc.array(fc.nat(9), { maxLength: 12 }), few(8), few(3), (backlogs, deliveries, perWebhook) => {
        expect(judgeAdmission(backlogs, deliveries, perWebhook, rules)).toEqual([]);
      });
      fc.assert(calls);
    },
  },
  {
    story: 'a retry does not starve behind new events',
    rules: ['lineAges'] as const,
    prove: (rules: Rules) => {
      const lines = fc.property(few(9), few(10), (backlog, seconds) => {
        const atMostMs = 30_000 + (backlog + 2) * seconds * 1000;
        expect(timeUntilRetried(backlog, seconds * 1000, 2 * atMostMs, rules)).toBeLessThanOrEqual(atMostMs);
      });
      fc.assert(lines);
    },
  },
  {
    story: 'times from a clock that was ahead hold back nothing',
    rules: ['claimBoundsTimes', 'wakeBoundsTimes'] as const,
    prove: (rules: Rules) => {
      const steps = fc.property(
        few(5),
        fc.nat(5),
        fc.constantFrom(600_000, 3_600_000, 864_000_000),
        (events, unanswered, byMs) => {
          expect(waitingAfterClockStep(events, unanswered, byMs, 500_000, rules)).toEqual([]);
        },
      );
      fc.assert(steps, { numRuns: 50 });
    },
  },
])('$story', ({ prove, rules }) => {
  test('by the rules', () => {
    prove(RULES);
  });
  test.each(rules)('not without %s', (rule) => {
    expect(() => {
      prove(without(rule).rules);
    }).toThrow(/^Property failed/);
  });
});
