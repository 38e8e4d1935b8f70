import { Agent } from 'node:http';
import { now } from '../now.js';
import { publishAtRate } from '../publish-at-rate.js';
import { median, report, type Measured, type Report } from '../report.js';
import { runConcurrently, post } from '../requests.js';
import { withServers, type BenchOptions, type Servers } from '../servers.js';
import { startMeasuredTidings, urlOf, type MeasuredTidings } from '../measured-tidings.js';
import type { Latencies, Observed } from './observer.js';

const OWNERS = 100;
/** Shares of the saturation rate. */
const LEVELS = [0.2, 0.5, 0.8];
const SECONDS = 6;
/** The load that measures the saturation rate; `parallel` is the number of concurrent requests. */
const SATURATING = { events: 6000, parallel: 50 };

/**
 * Measures the time from an event's intended publish time, over HTTP with one event a request, to its first byte at the
 * receiver and at a client of the stream, at shares of the saturation rate. The load is open: each event is published at its
 * intended time whether or not earlier requests were answered, and a late one counts from its intended time.
 */
export async function benchLatency(rounds: number, options: BenchOptions): Promise<Report[]> {
  return withServers(async (servers) => {
    const { tidings, observer } = await start(servers);
    const token = tidings.token('service', 'events:publish');
    const agent = new Agent({ keepAlive: true });
    servers.addCleanup(() => {
      agent.destroy();
    });
    const publish = (number: number, intended: number): Promise<void> =>
      post(`${tidings.url}/api/events`, token, eventOf(number, intended), agent);
    const takeObserved = async (): Promise<Observed> => (await (await fetch(observer)).json()) as Observed;

    const saturation: Measured = { name: 'saturation: 50 requests at a time', rates: [], cpuUs: {} };
    const levels = LEVELS.map((level) => ({
      level,
      rates: [] as number[],
      webhook: [] as Latencies[],
      stream: [] as Latencies[],
    }));
    for (let round = 0; round <= rounds; round += 1) {
      const startedAt = performance.now();
      let number = 0;
      await runConcurrently(SATURATING.parallel, SATURATING.events, () => publish((number += 1), now()));
      await tidings.waitUntilRecorded();
      const rate = SATURATING.events / ((performance.now() - startedAt) / 1000);
      await takeObserved();
      // The first round is a warm-up.
      if (round === 0) continue;
      saturation.rates.push(rate);
      const saturationRate = median(saturation.rates);
      for (const { level, rates, webhook, stream } of levels) {
        const count = await publishAtRate(publish, saturationRate * level, SECONDS);
        await tidings.waitUntilRecorded();
        const observed = await takeObserved();
        if (observed.webhook.count !== count)
          throw new Error(`${String(count)} events were published, ${String(observed.webhook.count)} arrived.`);
        rates.push(count / SECONDS);
        webhook.push(observed.webhook);
        stream.push(observed.stream);
      }
      console.error(`  round ${String(round)} of ${String(rounds)}`);
    }
    const rows = levels.map(({ level, rates, webhook, stream }): Measured => ({
      name: `at ${String(level * 100)} % of saturation`,
      rates,
      cpuUs: {},
      notes: `webhook ${describe(webhook)}; stream ${describe(stream)}`,
    }));
    return [report('Latency, from publish to the first byte', 'events/s', [saturation, ...rows])];
  }, options);
}

async function start(servers: Servers): Promise<{ tidings: MeasuredTidings; observer: string }> {
  const observer = urlOf(await servers.start('latency/observer.js'));
  const tidings = await startMeasuredTidings(servers);
  for (let owner = 0; owner < OWNERS; owner += 1)
    await tidings.register(`user-${String(owner)}`, { url: observer, max_in_flight: 10 });
  const stream = [`${tidings.url}/api/events/stream?audience=all`, tidings.token('operator', 'admin')];
  const response = await fetch(`${observer}follow`, { method: 'POST', body: JSON.stringify(stream) });
  if (!response.ok) throw new Error(`The observer answered ${String(response.status)}.`);
  return { tidings, observer };
}

function eventOf(number: number, intended: number): string {
  const data = { user_id: `user-${String(number % OWNERS)}`, entity_type: 'artist', entity_id: intended.toFixed(3) };
  return JSON.stringify({ type: 'gaps.updated', data });
}

function describe(rounds: readonly Latencies[]): string {
  const of = (name: 'p50' | 'p99' | 'p999'): string => median(rounds.map((one) => one[name])).toFixed(1);
  return `p50 ${of('p50')} ms, p99 ${of('p99')} ms, p99.9 ${of('p999')} ms`;
}
