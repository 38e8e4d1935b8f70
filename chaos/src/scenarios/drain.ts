import { setTimeout as wait } from 'node:timers/promises';
import { request } from '../admin.js';
import { describeLatency, eventOf, judgeLatency, measureLatency, startMeasuring } from '../latency.js';
import { nowMs } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import { query } from '../servers.js';
import { startSystem, type System } from '../system.js';
import type { WebhookPlan } from '../webhooks.js';

/** The limit of a fresh event's p99 for an idle webhook: its undisturbed value four times, or this. */
const P99_LIMIT_MS = 2000;
/** Until the workers know that deliveries are no longer paused. */
const BEGUN_MS = 1000;
const PER_OWNER = 10;

export const drained: Scenario = {
  name: 'drain',
  description:
    'a backlog of 20,000 deliveries over 300 webhooks (6,000 over 150 in the short form) is sent after a pause of all deliveries: fresh events for an idle webhook pass it',
  async run(context) {
    const [webhookCount, perWebhook] = context.isShort ? [150, 40] : [300, 70];
    const answer = () => ({ status: 200, afterMs: 5 });
    const webhooks = Array.from({ length: webhookCount }, (_, index): WebhookPlan => ({
      owner: `owner-${String(Math.floor(index / PER_OWNER))}`,
      types: ['*'],
      behaviour: answer,
    }));
    webhooks.push({ owner: 'idle', types: ['*'], behaviour: answer });
    const system = await startSystem(context, { webhooks, env: { WEBHOOKS_PER_OWNER: '100' } });
    const undisturbed = await measureLatency(system, 'idle', context.seconds(5));

    const pause = (paused: boolean): Promise<unknown> => request(system, 'operator', 'PATCH', '/api/admin/pause', { paused });
    await pause(true);
    const owners = [...new Set(webhooks.map(({ owner }) => owner))].filter((owner) => owner !== 'idle');
    for (let event = 0; event < perWebhook; event += 1) await system.publisher.publish(owners.map(eventOf));
    const backlog = await countPending(system);
    context.log(`${String(backlog)} deliveries are pending`);
    const before = system.ledger.arrivals.length;
    await pause(false);
    const beginMs = nowMs();
    await wait(BEGUN_MS);
    const fresh = startMeasuring(system, 'idle');
    await waitWhilePending(system, backlog / 10);
    const tookMs = nowMs() - beginMs;
    const perSecond = ((system.ledger.arrivals.length - before) / tookMs) * 1000;
    const disturbed = await fresh.stop();

    const verdict = await system.drainAndJudge({ deadlineMs: context.drainMs ?? 240_000 });
    const limitMs = Math.max(P99_LIMIT_MS, 4 * undisturbed.p99);
    verdict.notes = [
      `${String(backlog)} deliveries at ${perSecond.toFixed(0)} a second`,
      `fresh events for an idle webhook: ${describeLatency(disturbed)}, undisturbed ${describeLatency(undisturbed)}; the limit is ${limitMs.toFixed(0)} ms`,
    ];
    verdict.violations.push(...judgeLatency('fresh events for an idle webhook', disturbed, limitMs));
    if (backlog < webhookCount * perWebhook) verdict.violations.push('the backlog was sent during the pause');
    return verdict;
  },
};

async function countPending({ databaseUrl }: System): Promise<number> {
  const [row] = await query<{ count: string }>(databaseUrl, 'SELECT count(*) FROM pending_deliveries');
  return Number(row?.count);
}

/** Waits until at most `count` deliveries are pending, for at most four minutes. */
async function waitWhilePending(system: System, count: number): Promise<void> {
  const end = nowMs() + 240_000;
  while (nowMs() < end && (await countPending(system)) > count) await wait(200);
}
