import { measureLatency, publishMany } from '../latency.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';
import { pathOf } from '../webhooks.js';

const BACKLOG = 10_000;
/** Differences below this are noise of the machine. */
const FLOOR_MS = 50;
const FACTOR = 2;
const MEASURED_S = 15;

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
    await measureLatency(system, 'bob', 2);
    const undisturbed = await measureLatency(system, 'bob', seconds);

    await publishMany(system, 'alice', BACKLOG);
    context.log('the backlog is published');
    const disturbed = await measureLatency(system, 'bob', seconds);
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
