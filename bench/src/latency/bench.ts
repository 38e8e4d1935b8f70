import { Agent } from 'node:http';
import { now } from '../now.js';
import { median, report, type Measured, type Report } from '../report.js';
import { inParallel, post } from '../requests.js';
import { onServers, type Servers } from '../servers.js';
import { startMeasured, urlOf, type MeasuredTidings } from '../world.js';
import type { Latencies, Observed } from './observer.js';

const USERS = 100;
const LEVELS = [0.2, 0.5, 0.8];
const SECONDS = 6;
/** To find out what is saturation: so many events, so many requests at a time. */
const SATURATING = { events: 6000, parallel: 50 };
const TICK_MS = 1;

/**
 * From the time at which an event was to be published, over HTTP, one in a request, to the first byte at the receiver, and at
 * a client of the stream; at parts of the rate at which everything is just busy. The load is open: events come at their
 * times, whether or not earlier ones were answered, and what comes late for that counts from when it was to come.
 */
export async function benchLatency(rounds: number): Promise<Report[]> {
  return onServers(async (servers) => {
    const { tidings, observer } = await start(servers);
    const token = tidings.token('service', 'events:publish');
    const agent = new Agent({ keepAlive: true });
    servers.atEnd(() => {
      agent.destroy();
    });
    const publish = (number: number, intended: number): Promise<void> =>
      post(`${tidings.url}/api/events`, token, eventOf(number, intended), agent);
    const take = async (): Promise<Observed> => (await (await fetch(observer)).json()) as Observed;

    const saturation: Measured = { name: 'saturated: 50 requests at a time', rates: [], cpuUs: {} };
    const levels = LEVELS.map((level) => ({
      level,
      rates: [] as number[],
      webhook: [] as Latencies[],
      stream: [] as Latencies[],
    }));
    for (let round = 0; round <= rounds; round += 1) {
      const startedAt = performance.now();
      let number = 0;
      await inParallel(SATURATING.parallel, SATURATING.events, () => publish((number += 1), now()));
      await tidings.untilRecorded();
      const rate = SATURATING.events / ((performance.now() - startedAt) / 1000);
      await take();
      // The first round warms up.
      if (round === 0) continue;
      saturation.rates.push(rate);
      const most = median(saturation.rates);
      for (const { level, rates, webhook, stream } of levels) {
        const count = await publishOpen(publish, most * level);
        await tidings.untilRecorded();
        const seen = await take();
        if (seen.webhook.count !== count)
          throw new Error(`${String(count)} events were published, ${String(seen.webhook.count)} came.`);
        rates.push(count / SECONDS);
        webhook.push(seen.webhook);
        stream.push(seen.stream);
      }
      console.error(`  round ${String(round)} of ${String(rounds)}`);
    }
    const rows = levels.map(({ level, rates, webhook, stream }): Measured => ({
      name: `at ${String(level * 100)} % of it`,
      rates,
      cpuUs: {},
      notes: `webhook ${describe(webhook)}; stream ${describe(stream)}`,
    }));
    return [report('Latency, from publish to the first byte', 'events/s', [saturation, ...rows])];
  });
}

async function start(servers: Servers): Promise<{ tidings: MeasuredTidings; observer: string }> {
  const observer = urlOf(await servers.start('latency/observer.js'));
  const tidings = await startMeasured(servers);
  for (let user = 0; user < USERS; user += 1)
    await tidings.register(`user-${String(user)}`, { url: observer, max_in_flight: 10 });
  const stream = [`${tidings.url}/api/events/stream?audience=all`, tidings.token('operator', 'admin')];
  const response = await fetch(`${observer}follow`, { method: 'POST', body: JSON.stringify(stream) });
  if (!response.ok) throw new Error(`The observer answered ${String(response.status)}.`);
  return { tidings, observer };
}

type Publish = (number: number, intended: number) => Promise<void>;

/** Answers with how many there were. */
async function publishOpen(publish: Publish, rate: number): Promise<number> {
  const startsAt = now();
  const count = Math.floor(rate * SECONDS);
  const published: Promise<void>[] = [];
  while (published.length < count) {
    for (let at = startsAt; at <= now() && published.length < count;) {
      at = startsAt + (published.length * 1000) / rate;
      if (at <= now()) published.push(publish(published.length, at));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(published);
  return count;
}

function eventOf(number: number, intended: number): string {
  const data = { user_id: `user-${String(number % USERS)}`, entity_type: 'artist', entity_id: intended.toFixed(3) };
  return JSON.stringify({ type: 'gaps.updated', data });
}

function describe(rounds: readonly Latencies[]): string {
  const of = (name: 'p50' | 'p99' | 'p999'): string => median(rounds.map((one) => one[name])).toFixed(1);
  return `p50 ${of('p50')} ms, p99 ${of('p99')} ms, p99.9 ${of('p999')} ms`;
}
