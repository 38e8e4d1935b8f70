import { Agent } from 'node:http';
import { addWebhooks } from '../add-webhooks.js';
import { startMeasuredTidings, startReceiver } from '../measured-tidings.js';
import { now } from '../now.js';
import { median, report, type Measured, type Report } from '../report.js';
import { post } from '../requests.js';
import { withServers, type BenchOptions } from '../servers.js';

/** The audience of the event. */
const WEBHOOKS = 200_000;
/** The events of others beside it, in a second, and for how long, in seconds. */
const OTHERS_A_SECOND = 100;
const SECONDS = 10;
const OWNERS = 100;
const FOR_EVERYONE = JSON.stringify({
  type: 'extraction.completed',
  data: { version: '20261101', record_counts: { artists: 1 }, duration_s: 1 },
});

/**
 * Measures an event for 200,000 webhooks: how long a publish of it takes, how many deliveries a second are written alone, and
 * how long publishes of others take beside it, at 100 events a second, compared with the same without it. Deliveries are
 * paused, so that sending does not add to it.
 */
export async function benchEveryone(rounds: number, options: BenchOptions): Promise<Report[]> {
  return withServers(async (servers) => {
    const receiver = await startReceiver(servers);
    const tidings = await startMeasuredTidings(servers);
    const { sql } = tidings;
    await addWebhooks(
      sql,
      Array.from({ length: OWNERS }, (_, index) => ({
        id: `wh_other_${String(index)}`,
        owner: `user-${String(index)}`,
        url: receiver.url,
        maxInFlight: 10,
        eventTypes: ['gaps.updated'],
      })),
    );
    await sql.query(
      `INSERT INTO webhooks (id, owner, url, event_types, sealed_secret)
       SELECT 'wh_all_' || n, 'all-' || n, $2, '{extraction.completed}', '\\x00' FROM generate_series(1, $1::int) AS n`,
      [WEBHOOKS, receiver.url],
    );
    await sql.query('VACUUM ANALYZE webhooks, subscriptions');
    await tidings.pauseAll(true);
    const agent = new Agent({ keepAlive: true });
    servers.addCleanup(() => {
      agent.destroy();
    });
    const token = tidings.token('service', 'events:publish');
    const publish = (body: string) => post(`${tidings.url}/api/events`, token, body, agent);

    const written: Measured = { name: 'deliveries written, alone', rates: [], cpuUs: {} };
    const accepted: number[] = [];
    const alone: Percentiles[] = [];
    const beside: Percentiles[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const others = await publishOthers(publish);
      const startedAt = performance.now();
      await publish(FOR_EVERYONE);
      const acceptedMs = performance.now() - startedAt;
      await tidings.waitUntilExpanded();
      const rate = WEBHOOKS / ((performance.now() - startedAt) / 1000);
      const [othersBeside] = await Promise.all([publishOthers(publish), publish(FOR_EVERYONE)]);
      await tidings.waitUntilExpanded();
      await sql.query('TRUNCATE pending_deliveries');
      // The first round is a warm-up.
      if (round === 0) continue;
      accepted.push(acceptedMs);
      written.rates.push(rate);
      alone.push(others);
      beside.push(othersBeside);
      console.error(
        `  round ${String(round)} of ${String(rounds)}: ${rate.toFixed(0)}/s, p99 ${others.p99.toFixed(1)} and ${othersBeside.p99.toFixed(1)} ms`,
      );
    }
    const row = (name: string, percentiles: readonly Percentiles[]): Measured => ({
      name,
      rates: percentiles.map(({ p99 }) => p99),
      cpuUs: {},
      notes: `p50 ${median(percentiles.map(({ p50 }) => p50)).toFixed(1)} ms`,
    });
    written.notes = `the publish took ${median(accepted).toFixed(1)} ms`;
    return [
      report(`An event for ${String(WEBHOOKS)} webhooks`, 'deliveries/s', [written]),
      report(`p99 of publishes of others, ${String(OTHERS_A_SECOND)} a second`, 'ms', [
        row('beside it', beside),
        row('without it', alone),
      ]),
    ];
  }, options);
}

interface Percentiles {
  p50: number;
  p99: number;
}

/** Publishes events of many owners at a steady rate, and returns the times until they were answered, in milliseconds. */
async function publishOthers(publish: (body: string) => Promise<void>): Promise<Percentiles> {
  const times: number[] = [];
  const published: Promise<void>[] = [];
  const startsAt = now();
  for (let number = 0; number < SECONDS * OTHERS_A_SECOND; number += 1) {
    const intended = startsAt + (number * 1000) / OTHERS_A_SECOND;
    while (now() < intended) await new Promise((resolve) => setTimeout(resolve, 1));
    const data = { user_id: `user-${String(number % OWNERS)}`, entity_type: 'artist', entity_id: '1' };
    published.push(publish(JSON.stringify({ type: 'gaps.updated', data })).then(() => void times.push(now() - intended)));
  }
  await Promise.all(published);
  times.sort((a, b) => a - b);
  const of = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  return { p50: of(0.5), p99: of(0.99) };
}
