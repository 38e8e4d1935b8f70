import { setTimeout as wait } from 'node:timers/promises';
import { pauseWebhook } from '../admin.js';
import { describeLatency, judgeLatency, measureLatency, publishMany, startMeasuring } from '../latency.js';
import type { Registration } from '../ledger.js';
import { lockRows } from '../nemesis/postgres.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, startSystem } from '../system.js';

const HELD_S = 15;
/** The limit of the other owners' p99: their undisturbed value twice, or this. */
const P99_LIMIT_MS = 500;
/** The limit for the other deliveries of a webhook with a locked one: they wait for a round of the reconciler. */
const OWN_LIMIT_MS = 2000;

export const lockedRow: Scenario = {
  name: 'locked-row',
  description:
    'a transaction locks the row of one webhook, and a pending delivery of another, for 15 s: deliveries of others, and the other deliveries of the second one, are not delayed',
  async run(context) {
    const answer = () => ({ status: 200, afterMs: 5 });
    const system = await startSystem(context, {
      webhooks: ['alice', 'bob', 'carol'].map((owner) => ({ owner, types: ['*'], behaviour: answer })),
    });
    const [locked, , partly] = system.ledger.webhooks as [Registration, Registration, Registration];
    await measureLatency(system, 'bob', 2);
    const undisturbed = await measureLatency(system, 'bob', context.seconds(5));

    // A parked delivery of carol is locked, and then due.
    await pauseWebhook(system, partly.id, true);
    await publishMany(system, 'carol', 10);
    const lockDelivery = `SELECT FROM pending_deliveries WHERE webhook_id = '${partly.id}' ORDER BY event_position LIMIT 1 FOR UPDATE`;
    const releaseDelivery = await lockRows(system.databaseUrl, lockDelivery, context.cleanup);
    await pauseWebhook(system, partly.id, false);
    const alice = startMeasuring(system, 'alice');
    await wait(500);
    const releaseWebhook = await lockRows(
      system.databaseUrl,
      `SELECT FROM webhooks WHERE id = '${locked.id}' FOR UPDATE`,
      context.cleanup,
    );
    // A record needs its webhook's row when its health changes.
    const endFault = system.startFault({
      name: 'a webhook is locked',
      interrupts: CONCURRENCY * system.processes.workers.length,
    });
    const others = [startMeasuring(system, 'bob'), startMeasuring(system, 'carol')];
    await wait(context.seconds(HELD_S) * 1000);
    const [bob, carol] = await Promise.all(others.map((measuring) => measuring.stop()));
    await Promise.all([releaseWebhook(), releaseDelivery()]);
    endFault();
    const behindLock = await alice.stop();
    await wait(1000);

    const verdict = await system.drainAndJudge();
    const limitMs = Math.max(P99_LIMIT_MS, 2 * undisturbed.p99);
    verdict.notes = [
      `another owner: ${bob ? describeLatency(bob) : ''}, undisturbed ${describeLatency(undisturbed)}; the limit is ${limitMs.toFixed(0)} ms`,
      `the owner of a locked delivery: ${carol ? describeLatency(carol) : ''}; the owner of the locked webhook: ${describeLatency(behindLock)}`,
    ];
    if (bob) verdict.violations.push(...judgeLatency('another owner', bob, limitMs));
    if (carol) verdict.violations.push(...judgeLatency('the owner of a locked delivery', carol, OWN_LIMIT_MS));
    if (behindLock.p99 < limitMs) verdict.violations.push('the lock had no effect on the locked webhook');
    return verdict;
  },
};
