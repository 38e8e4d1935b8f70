import { setTimeout as wait } from 'node:timers/promises';
import { percentile } from '../percentile.js';
import { nowMs } from '../ledger.js';
import { killApi, killWorker } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { query } from '../servers.js';
import { startSystem, type System } from '../system.js';
import type { WebhookPlan } from '../webhooks.js';
import { describeLatency, judgeLatency, startMeasuring } from '../latency.js';

const PER_OWNER = 20;
/** The limit of the p99 of other publish requests: their undisturbed value twice, or this. */
const PUBLISH_LIMIT_MS = 1000;
/** The limit of the p99 of another owner's events, from publishing to arrival. The kills interrupt some of its requests. */
const ARRIVAL_LIMIT_MS = 10_000;
/** Until a lease has expired, and another worker has taken over the periodic tasks. */
const AFTER_KILL_MS = 9000;

export const everyone: Scenario = {
  name: 'everyone',
  description:
    'events for everyone reach 3,000 webhooks (600 in the short form), while the workers that write and send their deliveries, and APIs, are killed (SIGKILL): one delivery each',
  async run(context) {
    const { random, isShort } = context;
    const count = isShort ? 600 : 3000;
    const events = isShort ? 5 : 10;
    const answer = () => ({ status: 200, afterMs: 2 });
    const webhooks = Array.from({ length: count }, (_, index): WebhookPlan => {
      const owner = `owner-${String(Math.floor(index / PER_OWNER))}`;
      // Some are fifo: their deliveries are written first.
      return { owner, types: ['*'], behaviour: answer, settings: { ordering: index % 50 === 0 ? 'fifo' : 'unordered' } };
    });
    webhooks.push({ owner: 'other', types: ['gaps.*'], behaviour: answer });
    const system = await startSystem(context, { webhooks, apis: 2, env: { WEBHOOKS_PER_OWNER: '100' } });
    const { processes, publisher } = system;
    context.log(`${String(webhooks.length)} webhooks are registered`);

    const undisturbed = await measurePublishing(system, () => wait(context.seconds(3) * 1000));
    const expansions = sampleExpansions(system);
    const arrival = startMeasuring(system, 'other');
    const beginMs = nowMs();
    const disturbed = await measurePublishing(system, async () => {
      for (let event = 0; event < events; event += 1) {
        await publisher.publish([{ type: 'extraction.completed', owner: null, data: extraction(event) }]);
        if (event === 1) await killWorker(system, random.pick(processes.workers));
        if (event === 2) await killApi(system, random.pick(processes.apis));
        await wait(random.between(50, 500));
      }
      await processes.addWorker();
      await processes.addApi();
      await wait(random.between(500, 1500));
      await killWorker(system, random.pick(processes.workers));
      await processes.addWorker();
    });
    // The requests of the last killed worker are made again.
    await wait(AFTER_KILL_MS);
    const other = await arrival.stop();
    const mostExpanding = await expansions.stop();

    const verdict = await system.drainAndJudge({ deadlineMs: context.drainMs ?? 240_000 });
    const perSecond = ((count * events) / (lastArrival(system) - beginMs)) * 1000;
    const limitMs = Math.max(PUBLISH_LIMIT_MS, 2 * undisturbed);
    verdict.notes = [
      `${String(events)} events for ${String(count)} webhooks, ${perSecond.toFixed(0)} deliveries a second until the last; at most ${String(mostExpanding)} expansions at once`,
      `p99 of other publish requests ${disturbed.toFixed(0)} ms, undisturbed ${undisturbed.toFixed(0)} ms; the limit is ${limitMs.toFixed(0)} ms`,
      `another owner's events: ${describeLatency(other)}`,
    ];
    if (!(disturbed < limitMs))
      verdict.violations.push(
        `p99 of other publish requests is ${disturbed.toFixed(0)} ms; it must be under ${limitMs.toFixed(0)} ms`,
      );
    verdict.violations.push(...judgeLatency('another owner', other, ARRIVAL_LIMIT_MS));
    return verdict;
  },
};

/** The p99 of the answers to publish requests for one owner, made every 50 ms during `work`. */
async function measurePublishing({ publisher }: System, work: () => Promise<void>): Promise<number> {
  const tookMs: number[] = [];
  const running = { isStopped: false };
  const run = async (): Promise<void> => {
    while (!running.isStopped) {
      const reply = await publisher.publish([
        { type: 'sync.failed', owner: 'nobody', data: { user_id: 'nobody', error_message: 'The service answered 503.' } },
      ]);
      // A killed API gives no answer.
      if (reply.status !== null) tookMs.push(reply.tookMs);
      await wait(50);
    }
  };
  const publishing = run();
  await work();
  running.isStopped = true;
  await publishing;
  return percentile(tookMs, 0.99);
}

/** Counts the unfinished expansions again and again. `stop` returns the highest number. */
function sampleExpansions({ databaseUrl }: System): { stop: () => Promise<number> } {
  const running = { isStopped: false };
  const run = async (): Promise<number> => {
    let most = 0;
    while (!running.isStopped) {
      const [row] = await query<{ count: string }>(databaseUrl, 'SELECT count(*) FROM expansions');
      most = Math.max(most, Number(row?.count));
      await wait(20);
    }
    return most;
  };
  const sampling = run();
  return {
    stop() {
      running.isStopped = true;
      return sampling;
    },
  };
}

/** When the last event for everyone arrived. */
function lastArrival({ ledger }: System): number {
  return ledger.arrivals.reduce(
    (last, { event, atMs }) => (ledger.events.get(event)?.owner === null ? Math.max(last, atMs) : last),
    0,
  );
}

function extraction(number: number): object {
  return { version: `2026-${String(number)}`, record_counts: { artists: 1000 + number }, duration_s: 12 };
}
