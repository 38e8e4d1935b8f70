import fc from 'fast-check';
import type { Answer } from '../health.js';
import { change, requestCancel, requestReplay, requestRetry, type Change } from './administer.js';
import { addStrayJob, crashWorker, flushRedis, passTime, stepClock } from './faults.js';
import { observe } from './observe.js';
import { beginPublish, expandChunk, publish } from './publish.js';
import { admit, cancelChunk, reconcile } from './reconcile.js';
import { LEASE_MS, type Behaviour, type Simulation } from './simulation.js';
import { stepWorker } from './worker.js';

export const WORKERS = 3;
export const WEBHOOKS = [
  { id: 'narrow', maxInFlight: 2 },
  { id: 'ordered', ordering: 'fifo' as const },
];
const HOUR_MS = 3_600_000;

export type Action = (simulation: Simulation, behaviour: Behaviour) => Simulation;

/** Gives an action its weight, and a name, which a counterexample shows. */
const named = <Value>(
  weight: number,
  name: string,
  values: fc.Arbitrary<Value>,
  act: (simulation: Simulation, value: Value, behaviour: Behaviour) => Simulation,
): { weight: number; arbitrary: fc.Arbitrary<Action & { toString: () => string }> } => ({
  weight,
  arbitrary: values.map((value) =>
    Object.assign((simulation: Simulation, behaviour: Behaviour) => act(simulation, value, behaviour), {
      toString: () => `${name} ${JSON.stringify(value)}`,
    }),
  ),
});

const webhook = fc.constantFrom('narrow', 'ordered');
const audiences = fc.array(fc.constantFrom(null, 'narrow', 'ordered', 'narrow', 'ordered'), { minLength: 1, maxLength: 3 });
const admitMax = fc.constantFrom(0, 1, 10);
const worker = fc.nat(WORKERS - 1);
const answer = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<Answer>(204, 204, 500, null, null) },
  { weight: 1, arbitrary: fc.constantFrom<Answer>(429, 502) },
);
const asked = fc.constantFrom(null, null, 5000, 120_000);
const rarely = fc.nat(4).map((n) => n === 0);
const nothing = fc.constant(null);
const changes = fc.oneof(
  fc.record<Change>({ to: fc.constantFrom('paused', 'resumed'), webhookId: fc.option(webhook) }),
  fc.record<Change>({ to: fc.constantFrom('held', 'released', 'unverified', 'verified'), webhookId: webhook }),
  { weight: 2, arbitrary: fc.record<Change>({ to: fc.constantFrom('unordered', 'fifo'), webhookId: webhook }) },
  {
    weight: 3,
    arbitrary: fc.record<Change>({ to: fc.constantFrom('enabled', 'enabled', 'disabled', 'failing'), webhookId: webhook }),
  },
);
const action = fc.oneof(
  named(3, 'publish', fc.tuple(audiences, admitMax, rarely), (simulation, [to, max, crashes], behaviour) =>
    publish(simulation, to, max, crashes, behaviour),
  ),
  named(1, 'begin to publish', nothing, beginPublish),
  named(2, 'expand', fc.constantFrom([], [], [1], [2]), expandChunk),
  named(20, 'step', fc.tuple(worker, answer, asked, rarely), (simulation, [index, received, askedMs, locked], behaviour) =>
    stepWorker(simulation, index, { answer: received, askedMs, locked }, behaviour),
  ),
  named(2, 'crash', fc.tuple(worker, fc.boolean()), (simulation, [index, noticed]) => crashWorker(simulation, index, noticed)),
  named(3, 'reconcile', fc.tuple(rarely, rarely), (simulation, [crashes, all], behaviour) =>
    reconcile(simulation, crashes, all, behaviour),
  ),
  named(1, 'admit', rarely, admit),
  named(1, 'cancel', nothing, (simulation, _, behaviour) => cancelChunk(simulation, behaviour)),
  named(4, 'change', changes, change),
  named(1, 'disable and enable', webhook, disableAndEnable),
  named(1, 'cancel one', fc.nat(9), requestCancel),
  named(2, 'retry', fc.tuple(fc.nat(9), rarely), (simulation, [index, crashes], behaviour) =>
    requestRetry(simulation, index, crashes, behaviour),
  ),
  named(1, 'replay', webhook, requestReplay),
  named(2, 'stray', fc.nat(9), addStrayJob),
  named(1, 'flush', nothing, flushRedis),
  named(3, 'pass', fc.constantFrom(1000, 10_000, 20_000, LEASE_MS + 1), passTime),
  named(1, 'clock', fc.constantFrom(-HOUR_MS, -30_000, 30_000, HOUR_MS), stepClock),
);
/** Two workers meet receivers that ask to slow down, and again when some holds are over. Chance rarely leads to it. */
const throttles = fc.constantFrom([null, null], [5000, null], [120_000, 5000]).map((times) => [
  Object.assign((before: Simulation, behaviour: Behaviour) => publish(before, ['narrow', 'narrow'], 10, false, behaviour), {
    toString: () => 'publish',
  }),
  ...Array.from({ length: 3 }, () => [
    ...Array.from({ length: 5 }, () =>
      times.map((askedMs, index): Action =>
        Object.assign(
          (before: Simulation, behaviour: Behaviour) =>
            stepWorker(before, index, { answer: 429, askedMs, locked: false }, behaviour),
          { toString: () => `step ${JSON.stringify([index, 429, askedMs])}` },
        ),
      ),
    ).flat(),
    Object.assign((before: Simulation) => passTime(before, 10_000), { toString: () => 'pass 10000' }),
    Object.assign((before: Simulation, behaviour: Behaviour) => reconcile(before, false, false, behaviour), {
      toString: () => 'reconcile',
    }),
  ]).flat(),
]);
/** A delivery is cancelled and retried with its request under way. Chance rarely leads to it. */
const retries = fc.tuple(webhook, fc.integer({ min: 1, max: 3 }), fc.nat(9)).map(([webhookId, steps, index]) => {
  const step: Action = Object.assign(
    (before: Simulation, behaviour: Behaviour) => stepWorker(before, 0, { answer: 500, askedMs: null, locked: false }, behaviour),
    { toString: () => 'step [0,500]' },
  );
  return [
    Object.assign((before: Simulation, behaviour: Behaviour) => publish(before, [webhookId], 10, false, behaviour), {
      toString: () => `publish ${webhookId}`,
    }),
    ...Array.from({ length: steps }, () => step),
    Object.assign((before: Simulation, behaviour: Behaviour) => disableAndEnable(before, webhookId, behaviour), {
      toString: () => `disable and enable ${webhookId}`,
    }),
    Object.assign((before: Simulation, behaviour: Behaviour) => requestRetry(before, index, false, behaviour), {
      toString: () => `retry ${String(index)}`,
    }),
    step,
    step,
  ];
});
const actions = fc.oneof(
  { weight: 60, arbitrary: action.map((one) => [one]) },
  { weight: 1, arbitrary: throttles },
  { weight: 2, arbitrary: retries },
);
export const actionSequence = fc
  .array(actions, { minLength: 1, maxLength: 120, size: 'max' })
  .map((parts): Action[] => parts.flat());

/** Disables and enables a webhook, whose deliveries are cancelled in between. Chance rarely leads to it. */
function disableAndEnable(simulation: Simulation, webhookId: string, behaviour: Behaviour): Simulation {
  const does: Action[] = [
    (before) => change(before, { to: 'disabled', webhookId }, behaviour),
    (before) => cancelChunk(before, behaviour),
  ];
  const disabled = does.reduce((before, act) => observe(before, act(before, behaviour)), simulation);
  return change(disabled, { to: 'enabled', webhookId }, behaviour);
}

/** Ends the faults: resumes everything, and lets the reconciler run and workers finish, with receivers that answer 204. */
export function recover(simulation: Simulation, behaviour: Behaviour): Simulation {
  let next = simulation;
  const act = (does: Action) => (next = observe(next, does(next, behaviour)));
  for (const webhookId of [null, ...WEBHOOKS.map(({ id }) => id)])
    act((before) => change(before, { to: 'resumed', webhookId }, behaviour));
  for (const { id } of WEBHOOKS) {
    act((before) => change(before, { to: 'released', webhookId: id }, behaviour));
    act((before) => change(before, { to: 'verified', webhookId: id }, behaviour));
  }
  // Each action may have set the clock back.
  for (let round = 0; round < 300 && (next.log.pending.size > 0 || next.log.expansions.length > 0); round += 1) {
    act((before) => passTime(before, HOUR_MS));
    act((before) => reconcile(before, false, round % 10 === 9, behaviour));
    for (let count = 0, earlier = null; count < 40 && earlier !== next; count += 1) {
      earlier = next;
      for (let index = 0; index < WORKERS; index += 1)
        act((before) => stepWorker(before, index, { answer: 204, askedMs: null, locked: false }, behaviour));
    }
  }
  return next;
}
