import { setTimeout as wait } from 'node:timers/promises';
import { readAttempts, readDeliveries } from '../change-log.js';
import { drain } from '../drain.js';
import { startLoad } from '../generator.js';
import { judgeChanges, type LeaseCount } from '../judge-changes.js';
import { nowMs } from '../ledger.js';
import { killWorker } from '../nemesis/kill.js';
import { startWebhookChanges, type ChangedPlan } from '../nemesis/webhook-changes.js';
import type { Random } from '../random.js';
import type { Scenario } from '../scenario.js';
import { query } from '../servers.js';
import { noteAcceptance, publishOverQueue, publishWithinTransactions } from '../service-publishers.js';
import { LEASE_MS, LEASE_SLACK_MS, startSystem, type System } from '../system.js';
import { healthy, SLOW_MS } from '../webhooks.js';

const OWNERS = ['alice', 'bob', 'carol'] as const;
const LEASES_EVERY_MS = 200;
/** The longest time from a claim to the arrival of its request, and of an accepting transaction, on a busy machine. */
const UNDER_WAY_MS = 2000;
/** The longest time in which workers write the deliveries of an event for everyone, also after a kill. */
const EXPANDED_MS = 10_000;
/** More than the webhooks for which an API writes the deliveries itself. */
const SKIPPED = 110;

export const webhooksChange: Scenario = {
  name: 'webhooks-change',
  description:
    'webhooks are changed, disabled, enabled, paused, resumed, deleted, registered, rotated, retried and replayed at random, while events are published over HTTP, the queue and outboxes with rollbacks; a worker is killed in the middle (3 in the long form)',
  isSelected: true,
  async run(context) {
    const { random, isShort } = context;
    const system = await startSystem(context, { webhooks: [], env: { REPLAYS_PER_SECOND: '50', WEBHOOKS_PER_OWNER: '50' } });
    await addSkippedWebhooks(system);
    const changes = await startWebhookChanges(system, plansOf(random), random);
    const queue = publishOverQueue(context, system);
    const outbox = await publishWithinTransactions(context, system);
    const loads = [system.publisher, queue, outbox].map((publisher) =>
      startLoad({ publisher, random, owners: OWNERS, services: 1 }),
    );
    const leases = sampleLeases(system);
    context.cleanup.add(() => leases.stop());

    const kills = isShort ? 1 : 3;
    const partMs = (context.seconds(isShort ? 20 : 60) * 1000) / (kills + 1);
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(random.between(0.7, 1.3) * partMs);
      await killWorker(system, random.pick(system.processes.workers));
      await system.processes.addWorker();
    }
    await wait(partMs);
    await changes.stop();
    await Promise.all(loads.map((load) => load.stop()));
    const endMs = nowMs();
    await outbox.waitUntilEmpty();
    await waitUntilAccepted(system);
    context.log('draining');
    await drain(system.databaseUrl, context.drainMs ?? (isShort ? 60_000 : 180_000));
    await leases.stop();
    await noteAcceptance(system, UNDER_WAY_MS);
    for (const event of system.ledger.events.values())
      if (event.owner === null && event.acceptedByMs !== undefined) event.acceptedByMs += EXPANDED_MS;
    const [deliveries, attempts] = [await readDeliveries(system), await readAttempts(system)];
    context.keepLedger(system.ledger, { change: changes.webhooks, act: changes.acts, delivery: deliveries, attempt: attempts });

    const verdict = judgeChanges({
      ledger: system.ledger,
      webhooks: changes.webhooks,
      deliveries: deliveries.filter(({ webhook }) => changes.webhooks.some(({ id }) => id === webhook)),
      attempts,
      leases: leases.counts,
      endMs,
      leaseMs: LEASE_MS + LEASE_SLACK_MS,
      underWayMs: UNDER_WAY_MS,
    });
    const withdrawn = [...system.ledger.events.values()].filter(({ publication }) => publication === 'withdrawn').length;
    verdict.notes = [
      `${[...changes.counts].map(([name, count]) => `${String(count)} ${name}`).join(', ')}; ${String(withdrawn)} events were rolled back`,
    ];
    return verdict;
  },
};

/**
 * Adds webhooks that an operator has disabled, whose deliveries are written as skipped: with them, so many webhooks match an event
 * for everyone that workers write its deliveries.
 */
async function addSkippedWebhooks({ databaseUrl }: System): Promise<void> {
  await query(
    databaseUrl,
    `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret, enabled, disabled_reason, disabled_at, disabled_notified_at)
    SELECT 'wh_' || gen_random_uuid(), 'skipped', 'http://127.0.0.1/', '{extraction.*}', '', false, 'operator', now(), now()
    FROM generate_series(1, ${String(SKIPPED)})`,
  );
}

/** Five webhooks of each owner: three that stay enabled, one that changes, one that is deleted and registered again. */
function plansOf(random: Random): ChangedPlan[] {
  return OWNERS.flatMap((owner, index): ChangedPlan[] => [
    { owner, kind: 'steady', behaviour: healthy(random, SLOW_MS), settings: { max_in_flight: index + 5 } },
    { owner, kind: 'steady', behaviour: healthy(random), settings: { ordering: 'fifo' } },
    { owner, kind: 'steady', behaviour: healthy(random), settings: { rate_limit: 40 } },
    { owner, kind: 'changing', behaviour: healthy(random, index === 0 ? SLOW_MS : undefined) },
    { owner, kind: 'short-lived', behaviour: healthy(random, index === 1 ? SLOW_MS : undefined) },
  ]);
}

/** Counts the leases of each webhook again and again, until it is stopped. */
function sampleLeases({ databaseUrl }: System): { counts: readonly LeaseCount[]; stop: () => Promise<void> } {
  const counts: LeaseCount[] = [];
  let isStopped = false;
  const run = async (): Promise<void> => {
    while (!isStopped) {
      const rows = await query<{ webhook: string; leases: number; at: number }>(
        databaseUrl,
        `SELECT webhook_id AS webhook, count(*)::int AS leases,
          (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at FROM pending_deliveries
        WHERE lease_token IS NOT NULL AND leased_until > clock_timestamp() GROUP BY webhook_id`,
      ).catch(() => []);
      counts.push(...rows.map(({ webhook, leases, at }) => ({ webhook, leases, atMs: at - performance.timeOrigin })));
      await wait(LEASES_EVERY_MS);
    }
  };
  const running = run();
  return {
    counts,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}

/** Waits until the log has every event that the queue acknowledged. */
async function waitUntilAccepted({ databaseUrl, ledger }: System): Promise<void> {
  const published = [...ledger.events.values()].filter(({ publication }) => publication === 'accepted').length;
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const [row] = await query<{ count: string }>(databaseUrl, 'SELECT count(*) FROM events');
    if (Number(row?.count) >= published) return;
    await wait(100);
  }
}
