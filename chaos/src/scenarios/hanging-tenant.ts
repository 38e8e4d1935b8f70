import { setTimeout as wait } from 'node:timers/promises';
import type { EventInput } from '../generator.js';
import { percentile } from '../percentile.js';
import type { Scenario } from '../scenario.js';
import { startSystem, type System } from '../system.js';
import { pathOf } from '../webhooks.js';

const BACKLOG = 10_000;
const EVENTS_PER_REQUEST = 1000;
/** Differences below this are noise of the machine. */
const FLOOR_MS = 50;
const FACTOR = 2;
const MEASURED_S = 15;
const EVERY_MS = 25;

export const hangingTenant: Scenario = {
  name: 'hanging-tenant',
  description: `one tenant has ${String(BACKLOG)} events for a receiver that hangs; the p99 of another stays under twice its undisturbed value`,
  async run(context) {
    const system = await startSystem(context, {
      workers: 1,
      webhooks: [
        { owner: 'alice', types: ['*'], behaviour: () => ({ status: null, afterMs: 0 }) },
        { owner: 'bob', types: ['*'], behaviour: () => ({ status: 200, afterMs: 1 }) },
      ],
      // Enough attempts for the backlog to last longer than the measurement; then the receiver answers.
      env: { DELIVERY_ATTEMPTS: '20' },
    });
    const seconds = context.seconds(MEASURED_S);
    await measure(system, 2);
    const undisturbed = await measure(system, seconds);

    for (let from = 0; from < BACKLOG; from += EVENTS_PER_REQUEST) {
      await system.publisher.publish(Array.from({ length: EVENTS_PER_REQUEST }, () => eventFor('alice')));
    }
    context.log('the backlog is published');
    const disturbed = await measure(system, seconds);
    system.receivers.setBehaviour(pathOf(0), () => ({ status: 200, afterMs: 1 }));

    const verdict = await system.drainAndJudge({ deadlineMs: 180_000 });
    const limit = Math.max(FACTOR * undisturbed.p99, FLOOR_MS);
    verdict.notes = [
      `p99 ${disturbed.p99.toFixed(0)} ms with the backlog, ${undisturbed.p99.toFixed(0)} ms undisturbed; the limit is ${limit.toFixed(0)} ms`,
    ];
    if (disturbed.missing > 0)
      verdict.violations.push(
        `${String(disturbed.missing)} events of the other tenant had not arrived at the end of the measurement`,
      );
    if (!(disturbed.p99 < limit))
      verdict.violations.push(`p99 is ${disturbed.p99.toFixed(0)} ms; it must be under ${limit.toFixed(0)} ms`);
    return verdict;
  },
};

/** Measures the time from publishing to arrival of bob's events. A missing event counts with the time waited for it. */
async function measure(system: System, seconds: number): Promise<{ p99: number; missing: number }> {
  const from = performance.now();
  const end = from + seconds * 1000;
  while (performance.now() < end) {
    await system.publisher.publish([eventFor('bob')]);
    await wait(EVERY_MS);
  }
  await wait(1000);
  const arrived = new Map(system.ledger.arrivals.map(({ event, atMs }) => [event, atMs]));
  const measured = [...system.ledger.events.values()].filter(({ owner, atMs }) => owner === 'bob' && atMs >= from);
  const latencies = measured.map(({ id, atMs }) => (arrived.get(id) ?? performance.now()) - atMs);
  return { p99: percentile(latencies, 0.99), missing: measured.filter(({ id }) => !arrived.has(id)).length };
}

function eventFor(owner: string): EventInput {
  return { type: 'gaps.updated', owner, data: { user_id: owner, entity_type: 'artist', entity_id: '45' } };
}
