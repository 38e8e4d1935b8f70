import { setTimeout as wait } from 'node:timers/promises';
import { judgeLatency, describeLatency, measureLatency, startMeasuring } from '../latency.js';
import { killWorker } from '../nemesis/kill.js';
import { endPartitions, moveClock } from '../nemesis/postgres-clock.js';
import { nowMs } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import { query } from '../servers.js';
import { startSystem, type System } from '../system.js';
import { pathOf } from '../webhooks.js';

/** The longest time after a jump until events arrive again as usual, and an open circuit is probed: the killed worker may have the probe. */
const RECOVERY_MS = 10_000;
/** The limit of the p99 after the recovery, on a busy machine. */
const P99_LIMIT_MS = 1500;
const HANGING = 1;

export const postgresClock: Scenario = {
  name: 'postgres-clock',
  description:
    "PostgreSQL's clock is set back an hour under load, with a rate-limited webhook and an open circuit, and a worker is killed; then it goes forward ten days, beyond the partitions of the log",
  async run(context) {
    const answer = () => ({ status: 200, afterMs: 5 });
    const hang = () => ({ status: null, afterMs: 0 });
    const system = await startSystem(context, {
      webhooks: [
        { owner: 'rated', types: ['*'], behaviour: answer, settings: { rate_limit: 100 } },
        { owner: 'hanging', types: ['*'], behaviour: hang },
        { owner: 'usual', types: ['*'], behaviour: answer },
      ],
      env: { DELIVERY_ATTEMPTS: '20' },
    });
    const notes: string[] = [];
    const violations: string[] = [];
    const hanging = startMeasuring(system, 'hanging');
    await waitForCircuit(system);
    context.log('the circuit is open');

    for (const [by, name] of [
      ['-1 hour', "PostgreSQL's clock was set back an hour"],
      ['10 days', "PostgreSQL's clock was set forward ten days"],
    ] as const) {
      const loads = ['rated', 'usual'].map((owner) => startMeasuring(system, owner));
      await wait(1500);
      await moveClock(system.databaseUrl, by);
      if (by === '10 days') await endPartitions(system.databaseUrl);
      // All leases of that moment may have expired, with their requests under way.
      system.recordCrash({ name, interrupts: 20 * system.processes.workers.length });
      const atMs = nowMs();
      await wait(500);
      await killWorker(system, context.random.pick(system.processes.workers));
      await system.processes.addWorker();
      await wait(Math.max(0, atMs + RECOVERY_MS - nowMs()));
      await Promise.all(loads.map((load) => load.stop()));
      const probes = system.ledger.arrivals.filter((arrival) => isProbe(system, arrival.webhook) && arrival.atMs > atMs).length;
      if (probes === 0) violations.push(`${name}: the open circuit was not probed within ${String(RECOVERY_MS)} ms`);
      const refused = system.publisher.replies.filter(({ status }) => status !== 200 && status !== 202).length;
      notes.push(
        `${name}: ${String(probes)} probes within ${String(RECOVERY_MS)} ms, ${String(refused)} publish requests refused so far`,
      );
      const after = await Promise.all(['rated', 'usual'].map((owner) => measureLatency(system, owner, context.seconds(4))));
      for (const [index, owner] of ['rated', 'usual'].entries()) {
        const latency = after[index];
        if (!latency) continue;
        notes.push(`${name}: afterwards, the ${owner} webhook: ${describeLatency(latency)}`);
        violations.push(...judgeLatency(`${name}: the ${owner} webhook`, latency, P99_LIMIT_MS));
      }
    }
    await hanging.stop();
    system.receivers.setBehaviour(pathOf(HANGING), answer);
    const verdict = await system.drainAndJudge({ deadlineMs: context.drainMs ?? 90_000 });
    return { ...verdict, notes, violations: [...violations, ...verdict.violations] };
  },
};

function isProbe({ ledger }: System, webhook: string): boolean {
  return ledger.webhooks[HANGING]?.id === webhook;
}

async function waitForCircuit({ databaseUrl }: System): Promise<void> {
  const end = nowMs() + 30_000;
  while (nowMs() < end) {
    const [row] = await query<{ open: boolean }>(
      databaseUrl,
      "SELECT bool_or(circuit_opened_at IS NOT NULL) AS open FROM webhooks WHERE owner = 'hanging'",
    );
    if (row?.open) return;
    await wait(200);
  }
  throw new Error('The circuit was not opened.');
}
