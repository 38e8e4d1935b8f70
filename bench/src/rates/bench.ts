import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startCpuMeasurement } from '../cpu.js';
import type { Latencies, Observed } from '../latency/observer.js';
import { residentBytes } from '../memory.js';
import { startMeasuredTidings, pollUntil, urlOf } from '../measured-tidings.js';
import { median, report, type Measured, type Report } from '../report.js';
import { withServers, type BenchOptions, type Servers } from '../servers.js';
import type { Load } from './publisher.js';

/** Events a second, and for how long: longer where there are few, so that the CPU time of 10 ms, the resolution, counts little. */
const LOADS = [
  { rate: 10, seconds: 30 },
  { rate: 50, seconds: 20 },
  { rate: 100, seconds: 15 },
  { rate: 200, seconds: 15 },
  { rate: 500, seconds: 10 },
];
const IDLE_SECONDS = 20;
const OWNER = 'alice';
const MAX_IN_FLIGHT = 300;

/** A system under this load. */
interface System {
  name: string;
  url: string;
  token: string;
  /** Its processes and servers. The publisher and the receiver are not among them. */
  pids: Readonly<Record<string, number>>;
  /** Those of them that it does not share with the other system. */
  own: readonly number[];
  /** Resolves when all that was published is recorded. */
  waitUntilRecorded: () => Promise<void>;
  /** Resident memory of API and worker in bytes. */
  memory: () => number;
}

/** How long a system has, after it stood still, for what it missed. */
const SETTLE_MS = 1500;

/** One load of one system, in all rounds. */
interface Row extends Measured {
  latencies: Latencies[];
}

/**
 * Measures latency and CPU time at low rates, where most installations are: single events over HTTP to one webhook, at 10 to 500
 * events a second, and idle. The same run measures the least that does the same: Express, one INSERT, one job of BullMQ, one
 * POST with the same sender, one UPDATE, on the same servers. Latency is from the request to the first byte at the receiver.
 */
export async function benchRates(rounds: number, options: BenchOptions): Promise<Report[]> {
  return withServers(async (servers) => {
    const observer = urlOf(await servers.start('latency/observer.js'));
    const publisher = urlOf(await servers.start('rates/publisher.js'));
    const systems = [await startTidings(servers, observer), await startBareChain(servers, observer)];
    servers.addCleanup(() => {
      for (const { own } of systems) signal(own, 'SIGCONT');
    });
    const idle = systems.map(({ name }): Measured => ({ name, rates: [], cpuUs: {} }));
    const rows = LOADS.map(() => systems.map(({ name }): Row => ({ name, rates: [], cpuUs: {}, latencies: [] })));
    const memory = systems.map((): { idle: number; after: number } => ({ idle: NaN, after: NaN }));

    for (let round = 0; round <= rounds; round += 1) {
      // The first round is a warm-up, and a shorter one.
      const isCounted = round > 0;
      for (const [index, system] of systems.entries()) {
        await letRun(system, systems);
        const cpu = startCpuMeasurement(system.pids);
        await sleep((isCounted ? IDLE_SECONDS : 1) * 1000);
        if (!isCounted) continue;
        if (round === 1) (memory[index] as { idle: number }).idle = system.memory();
        const used = cpu(IDLE_SECONDS);
        add(idle[index] as Measured, sum(Object.values(used)) / 1000, used);
      }
      for (const [level, { rate, seconds }] of LOADS.entries()) {
        for (const [index, system] of systems.entries()) {
          await letRun(system, systems);
          const cpu = startCpuMeasurement(system.pids);
          const count = Math.floor(rate * (isCounted ? seconds : 2));
          await publish(publisher, { ...system, rate, seconds: count / rate, owner: OWNER });
          await system.waitUntilRecorded();
          const { webhook } = (await (await fetch(observer)).json()) as Observed;
          if (webhook.count !== count)
            throw new Error(`${system.name}: ${String(count)} events were published, ${String(webhook.count)} arrived.`);
          if (!isCounted) continue;
          const row = rows[level]?.[index] as Row;
          add(row, rate, cpu(count));
          row.latencies.push(webhook);
        }
      }
      for (const [index, system] of systems.entries()) (memory[index] as { after: number }).after = system.memory();
      console.error(`  round ${String(round)} of ${String(rounds)}`);
    }

    const megabytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(0);
    for (const [index, row] of idle.entries()) {
      const { idle: before = NaN, after = NaN } = memory[index] ?? {};
      row.notes = `API and worker ${megabytes(before)} MB, after the loads ${megabytes(after)} MB`;
    }
    return [
      report('Idle: CPU a second', 'ms', idle),
      ...LOADS.map(({ rate }, level) => report(`At ${String(rate)} events a second`, 'events/s', compare(rows[level] ?? []))),
    ];
  }, options);
}

function signal(pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) process.kill(pid, name);
}

/** Lets only this system run: what another one does when idle would count as PostgreSQL's and Redis's work for this one. */
async function letRun(system: System, systems: readonly System[]): Promise<void> {
  for (const other of systems) signal(other.own, other === system ? 'SIGCONT' : 'SIGSTOP');
  await sleep(SETTLE_MS);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function add(row: Measured, rate: number, cpuUs: Record<string, number>): void {
  row.rates.push(rate);
  for (const [process, cost] of Object.entries(cpuUs)) (row.cpuUs[process] ??= []).push(cost);
}

/** Adds the latencies to each row, and to the first one its ratios to the second. */
function compare([ours, bare]: readonly Row[]): Measured[] {
  if (!ours || !bare) return [];
  const p = (row: Row, percentile: 'p50' | 'p99'): number => median(row.latencies.map((one) => one[percentile]));
  const cpu = (row: Row): number => sum(Object.values(row.cpuUs).map(median));
  const describe = (row: Row): string => `p50 ${p(row, 'p50').toFixed(1)} ms, p99 ${p(row, 'p99').toFixed(1)} ms`;
  const ratios = [cpu(ours) / cpu(bare), p(ours, 'p50') / p(bare, 'p50'), p(ours, 'p99') / p(bare, 'p99')].map((ratio) =>
    ratio.toFixed(2),
  );
  return [
    {
      ...ours,
      notes: `${describe(ours)}; ÷ the bare chain: CPU ${ratios[0] ?? ''}, p50 ${ratios[1] ?? ''}, p99 ${ratios[2] ?? ''}`,
    },
    { ...bare, notes: describe(bare) },
  ];
}

async function publish(publisher: string, { url, token, rate, seconds, owner }: Load): Promise<void> {
  const body = JSON.stringify({ url: `${url}/api/events`, token, rate, seconds, owner } satisfies Load);
  const response = await fetch(publisher, { method: 'POST', body });
  if (!response.ok) throw new Error(`The publisher answered ${String(response.status)}: ${await response.text()}`);
}

async function startTidings(servers: Servers, receiver: string): Promise<System> {
  const tidings = await startMeasuredTidings(servers, { env: { WORKER_CONCURRENCY: String(MAX_IN_FLIGHT) } });
  await tidings.register(OWNER, { url: receiver, max_in_flight: MAX_IN_FLIGHT });
  const pids = { api: tidings.api.pid, worker: tidings.workers[0]?.pid ?? NaN };
  return {
    name: 'Tidings',
    url: tidings.url,
    token: tidings.token('service', 'events:publish'),
    pids: { ...pids, postgresql: servers.postgresPid, redis: servers.redisPid },
    own: Object.values(pids),
    waitUntilRecorded: tidings.waitUntilRecorded,
    memory: () => residentBytes(pids.api) + residentBytes(pids.worker),
  };
}

async function startBareChain(servers: Servers, receiver: string): Promise<System> {
  const api = await servers.start('rates/bare-api.js');
  const worker = await servers.start('rates/bare-worker.js', { RECEIVER: receiver, CONCURRENCY: String(MAX_IN_FLIGHT) });
  const sql = new pg.Client({ connectionString: servers.databaseUrl });
  await sql.connect();
  servers.addCleanup(() => sql.end());
  return {
    name: 'the bare chain: Express, INSERT, BullMQ, POST, UPDATE',
    url: urlOf(api).slice(0, -1),
    token: '',
    pids: { api: api.pid, worker: worker.pid, postgresql: servers.postgresPid, redis: servers.redisPid },
    own: [api.pid, worker.pid],
    waitUntilRecorded: () =>
      pollUntil(async () => (await sql.query('SELECT FROM bare_deliveries WHERE status IS NULL LIMIT 1')).rowCount === 0),
    memory: () => residentBytes(api.pid) + residentBytes(worker.pid),
  };
}
