import { setTimeout as wait } from 'node:timers/promises';
import type { EventInput } from '../generator.js';
import { percentile } from '../percentile.js';
import type { Scenario } from '../stage.js';
import { startSystem, type System } from '../system.js';
import { pathOf } from '../webhooks.js';

const BACKLOG = 10_000;
const LIST = 1000;
/** Below this, a difference is the machine's. */
const FLOOR_MS = 50;
const FACTOR = 2;
const MEASURED_S = 15;
const EVERY_MS = 25;

export const hangingTenant: Scenario = {
  name: 'hanging-tenant',
  describe: `one tenant has ${String(BACKLOG)} events for a receiver that hangs; another one's p99 stays under twice its undisturbed value`,
  async run(stage) {
    const system = await startSystem(stage, {
      workers: 1,
      webhooks: [
        { user: 'alice', types: ['*'], behaviour: () => ({ status: null, afterMs: 0 }) },
        { user: 'bob', types: ['*'], behaviour: () => ({ status: 200, afterMs: 1 }) },
      ],
      // So many that the backlog outlives the measurement; then the receiver comes back, and takes it.
      env: { DELIVERY_ATTEMPTS: '20' },
    });
    const seconds = stage.seconds(MEASURED_S);
    await measure(system, 2);
    const undisturbed = await measure(system, seconds);

    for (let from = 0; from < BACKLOG; from += LIST) {
      await system.publisher.publish(Array.from({ length: LIST }, () => eventFor('alice')));
    }
    stage.note('the backlog is there');
    const disturbed = await measure(system, seconds);
    system.receivers.behave(pathOf(0), () => ({ status: 200, afterMs: 1 }));

    const verdict = await system.settle({ deadlineMs: 180_000 });
    const limit = Math.max(FACTOR * undisturbed.p99, FLOOR_MS);
    verdict.notes = [
      `p99 ${disturbed.p99.toFixed(0)} ms beside the backlog, ${undisturbed.p99.toFixed(0)} ms undisturbed; the limit is ${limit.toFixed(0)} ms`,
    ];
    if (disturbed.missing > 0)
      verdict.violations.push(`${String(disturbed.missing)} events of the other tenant had not come when the measurement ended`);
    if (!(disturbed.p99 < limit))
      verdict.violations.push(`p99 is ${disturbed.p99.toFixed(0)} ms, and should be under ${limit.toFixed(0)} ms`);
    return verdict;
  },
};

/** How long bob's events take from being handed in to their arrival. One that has not come counts as long as was waited. */
async function measure(system: System, seconds: number): Promise<{ p99: number; missing: number }> {
  const from = performance.now();
  const end = from + seconds * 1000;
  while (performance.now() < end) {
    await system.publisher.publish([eventFor('bob')]);
    await wait(EVERY_MS);
  }
  await wait(1000);
  const arrived = new Map(system.ledger.arrivals.map(({ event, atMs }) => [event, atMs]));
  const measured = [...system.ledger.events.values()].filter(({ user, atMs }) => user === 'bob' && atMs >= from);
  const latencies = measured.map(({ id, atMs }) => (arrived.get(id) ?? performance.now()) - atMs);
  return { p99: percentile(latencies, 0.99), missing: measured.filter(({ id }) => !arrived.has(id)).length };
}

function eventFor(user: string): EventInput {
  return { type: 'gaps.updated', user, data: { user_id: user, entity_type: 'artist', entity_id: '45' } };
}
