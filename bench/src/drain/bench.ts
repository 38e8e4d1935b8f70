import { Agent } from 'node:http';
import { addWebhooks } from '../add-webhooks.js';
import type { Latencies, Observed } from '../latency/observer.js';
import { pollUntil, startMeasuredTidings, startReceiver, urlOf, type MeasuredTidings } from '../measured-tidings.js';
import { now } from '../now.js';
import { median, report, type Measured, type Report } from '../report.js';
import { post } from '../requests.js';
import { withServers, type BenchOptions } from '../servers.js';

const CONCURRENCY = 100;
/** The backlog: each event goes to each of these webhooks. */
const WEBHOOKS = 5000;
const EVENTS = 200;
/** The deliveries of the row without a backlog, over as many webhooks as the requests at a time need. */
const WITHOUT_BACKLOG = { deliveries: 10_000, webhooks: 100 };
/** How long one round of the drain is measured, in seconds, and how many fresh events it has in a second. */
const SECONDS = 20;
const FRESH_A_SECOND = 10;
const FOR_EVERYONE = { type: 'extraction.started', data: { version: '20261101', entity_types: ['artists'] } };

/**
 * Measures a worker that drains a million deliveries of 5,000 webhooks: deliveries per second, beside those without a backlog
 * in the same run, and the time from publish to arrival of fresh events for a webhook that is idle.
 */
export async function benchDrain(rounds: number, options: BenchOptions): Promise<Report> {
  return withServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const observer = urlOf(await servers.start('latency/observer.js'));
    const tidings = await startMeasuredTidings(servers, { env: { WORKER_CONCURRENCY: String(CONCURRENCY) } });
    const { sql } = tidings;
    const named = (name: string, count: number, eventTypes: string[]) =>
      Array.from({ length: count }, (_, index) => ({
        id: `wh_${name}_${String(index)}`,
        owner: `${name}-${String(index)}`,
        url: receiver.url,
        maxInFlight: 10,
        eventTypes,
      }));
    await addWebhooks(sql, [
      ...named('steady', WITHOUT_BACKLOG.webhooks, ['sync.completed']),
      ...named('behind', WEBHOOKS, ['extraction.started']),
      { id: 'wh_idle', owner: 'idle', url: observer, maxInFlight: 10, eventTypes: ['gaps.updated'] },
    ]);
    await sql.query('VACUUM ANALYZE webhooks, subscriptions');

    const steady: Measured = { name: 'without a backlog', rates: [], cpuUs: {} };
    for (let round = 0; round <= rounds; round += 1) {
      const events = Array.from({ length: WITHOUT_BACKLOG.deliveries }, (_, index) => ({
        type: 'sync.completed',
        data: { user_id: `steady-${String(index % WITHOUT_BACKLOG.webhooks)}`, items_synced: 1, errors: 0, duration_s: 1.5 },
      }));
      const startedAt = performance.now();
      await tidings.deliver(events, events.length, receiver);
      // The first round is a warm-up.
      if (round > 0) steady.rates.push(events.length / ((performance.now() - startedAt) / 1000));
    }

    await makeBacklog(tidings);
    const draining: Measured = { name: 'while a million drain', rates: [], cpuUs: {} };
    const fresh: Latencies[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = await receiver.count();
      const startedAt = performance.now();
      await publishFresh(tidings, servers.addCleanup);
      draining.rates.push(((await receiver.count()) - before) / ((performance.now() - startedAt) / 1000));
      await pollUntil(async () => {
        const { rows } = await sql.query<{ pending: boolean }>(
          "SELECT EXISTS (SELECT FROM pending_deliveries WHERE webhook_id = 'wh_idle' AND stage IN ('admitted', 'parked')) AS pending",
        );
        return rows[0]?.pending === false;
      }, 100);
      const { webhook } = (await (await fetch(observer)).json()) as Observed;
      if (webhook.count !== SECONDS * FRESH_A_SECOND) throw new Error(`${String(webhook.count)} fresh events arrived.`);
      fresh.push(webhook);
      console.error(
        `  round ${String(round + 1)} of ${String(rounds)}: ${(draining.rates.at(-1) ?? NaN).toFixed(0)} deliveries/s, fresh p99 ${webhook.p99.toFixed(1)} ms`,
      );
    }
    const of = (name: 'p50' | 'p99') => median(fresh.map((one) => one[name])).toFixed(1);
    const left = await sql.query<{ count: string }>('SELECT count(*) FROM pending_deliveries');
    draining.notes = `fresh events of an idle webhook p50 ${of('p50')} ms, p99 ${of('p99')} ms; ${left.rows[0]?.count ?? ''} deliveries left`;
    return report('A worker that drains a backlog', 'deliveries/s', [draining, steady]);
  }, options);
}

/** Publishes the events of the backlog while deliveries are paused, waits until they are expanded, and resumes. */
async function makeBacklog(tidings: MeasuredTidings): Promise<void> {
  await tidings.pauseAll(true);
  const startedAt = performance.now();
  await tidings.publish(
    Array.from({ length: EVENTS }, () => FOR_EVERYONE),
    100,
  );
  await tidings.waitUntilExpanded();
  const seconds = (performance.now() - startedAt) / 1000;
  console.error(`  expanded to ${String(EVENTS * WEBHOOKS)} deliveries in ${seconds.toFixed(1)} s`);
  await tidings.sql.query('VACUUM ANALYZE pending_deliveries');
  await tidings.pauseAll(false);
}

/** Publishes events for the idle webhook at a steady rate, each at its time whether or not earlier ones were answered. */
async function publishFresh(tidings: MeasuredTidings, addCleanup: (cleanUp: () => unknown) => void): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  addCleanup(() => {
    agent.destroy();
  });
  const token = tidings.token('service', 'events:publish');
  const published: Promise<void>[] = [];
  for (let number = 0; number < SECONDS * FRESH_A_SECOND; number += 1) {
    const data = { user_id: 'idle', entity_type: 'artist', entity_id: now().toFixed(3) };
    published.push(post(`${tidings.url}/api/events`, token, JSON.stringify({ type: 'gaps.updated', data }), agent));
    await new Promise((resolve) => setTimeout(resolve, 1000 / FRESH_A_SECOND));
  }
  await Promise.all(published);
}
