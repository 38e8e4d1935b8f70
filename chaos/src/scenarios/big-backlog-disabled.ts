import { setTimeout as wait } from 'node:timers/promises';
import { pauseWebhook, request } from '../admin.js';
import { readAttempts, readDeliveries, registeredBefore } from '../change-log.js';
import { drain } from '../drain.js';
import { judgeChanges } from '../judge-changes.js';
import { describeLatency, judgeLatency, measureLatency, publishMany, startMeasuring } from '../latency.js';
import { nowMs, type Registration } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import { query } from '../servers.js';
import { LEASE_MS, LEASE_SLACK_MS, startSystem } from '../system.js';
import { pathOf } from '../webhooks.js';

/** The longest time to the answer of the disabling. */
const ANSWER_LIMIT_MS = 1000;
/** The limit of the other tenant's p99: its undisturbed value twice, or this. */
const P99_LIMIT_MS = 500;
const UNDER_WAY_MS = 2000;
const AFTERWARDS = 200;

export const bigBacklogDisabled: Scenario = {
  name: 'big-backlog-disabled',
  description:
    'a webhook with a backlog of 50,000 (10,000 in the short form) is disabled while it is sent: the answer is immediate, and nothing of the backlog is sent afterwards, also not when the webhook is enabled again',
  isSelected: true,
  async run(context) {
    const backlog = context.isShort ? 10_000 : 50_000;
    const answer = () => ({ status: 200, afterMs: 5 });
    const system = await startSystem(context, {
      webhooks: ['alice', 'bob'].map((owner) => ({ owner, types: ['*'], behaviour: answer })),
    });
    const { ledger } = system;
    const webhooks = ledger.webhooks.map((registration, index) => registeredBefore(registration, pathOf(index)));
    const [big] = webhooks as [(typeof webhooks)[number]];
    const owner = { owner: big.owner };
    const setEnabled = async (enabled: boolean): Promise<number> => {
      const change = { value: enabled, fromMs: nowMs(), untilMs: null as number | null };
      big.enabled.push(change);
      await request(system, owner, 'PATCH', `/api/webhooks/${big.id}`, { enabled });
      change.untilMs = nowMs();
      return change.untilMs - change.fromMs;
    };

    await pauseWebhook(system, big.id, true);
    await publishMany(system, big.owner, backlog);
    context.log('the backlog is published');
    const undisturbed = await measureLatency(system, 'bob', context.seconds(5));
    const measuring = startMeasuring(system, 'bob');
    await pauseWebhook(system, big.id, false);
    await wait(1500);
    const isUnderWay = ledger.arrivals.some(({ webhook }) => webhook === big.id);
    const answeredInMs = await setEnabled(false);
    context.log('the webhook is disabled');
    const cancelledInMs = await waitUntilCancelled(system.databaseUrl, big);
    await wait(UNDER_WAY_MS);
    const enabledInMs = await setEnabled(true);
    await publishMany(system, big.owner, AFTERWARDS);
    await wait(1000);
    const disturbed = await measuring.stop();
    const endMs = nowMs();
    await drain(system.databaseUrl, context.drainMs ?? 60_000);
    context.keepLedger(ledger, { change: webhooks });

    const deliveries = await readDeliveries(system);
    const verdict = judgeChanges({
      ledger,
      webhooks,
      deliveries,
      attempts: await readAttempts(system),
      leases: [],
      endMs,
      leaseMs: LEASE_MS + LEASE_SLACK_MS,
      underWayMs: UNDER_WAY_MS,
    });
    const cancelled = deliveries.filter(({ status }) => status === 'cancelled').length;
    const limitMs = Math.max(P99_LIMIT_MS, 2 * undisturbed.p99);
    verdict.notes = [
      `disabled in ${answeredInMs.toFixed(0)} ms, ${String(cancelled)} deliveries cancelled within ${cancelledInMs.toFixed(0)} ms, enabled in ${enabledInMs.toFixed(0)} ms`,
      `another tenant: ${describeLatency(disturbed)}, undisturbed ${describeLatency(undisturbed)}; the limit is ${limitMs.toFixed(0)} ms`,
    ];
    verdict.violations.push(...judgeLatency('another tenant', disturbed, limitMs));
    if (!isUnderWay || cancelled < backlog / 10)
      verdict.violations.push('the webhook was not disabled in the middle of its backlog');
    if (answeredInMs > ANSWER_LIMIT_MS)
      verdict.violations.push(
        `the disabling was answered after ${answeredInMs.toFixed(0)} ms; it must be within ${String(ANSWER_LIMIT_MS)} ms`,
      );
    return verdict;
  },
};

/** Waits until no delivery of the webhook is pending in the log, and returns the time since now. */
async function waitUntilCancelled(databaseUrl: string, { id }: Pick<Registration, 'id'>): Promise<number> {
  const fromMs = nowMs();
  while (nowMs() < fromMs + 60_000) {
    const [row] = await query<{ count: string }>(
      databaseUrl,
      `SELECT count(*) FROM pending_deliveries WHERE webhook_id = '${id}' AND NOT ended`,
    );
    if (row?.count === '0') break;
    await wait(100);
  }
  return nowMs() - fromMs;
}
