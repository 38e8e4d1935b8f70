import { Agent, get } from 'node:http';
import { startTidings } from '@tidings/local';
import { startCpu } from '../cpu.js';
import { report, type Measured, type Report } from '../report.js';
import { onServers } from '../servers.js';

const REQUESTS = 10_000;
const CONCURRENCY = 20;
/** So high that every request is counted and none is refused. */
const OUT_OF_REACH = '10000000';
const LIMITED = { RATE_LIMIT_PER_USER: OUT_OF_REACH, RATE_LIMIT_PER_IP: OUT_OF_REACH };
const PATHS = ['/api/event-types', '/api/webhooks'];

/** What limits cost: the same requests to an API that counts each of them, for its user and its address, and to one that counts none. */
export async function benchLimits(rounds: number): Promise<Report> {
  return onServers(async ({ databaseUrl, redisUrl, redisPid, atEnd }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, workers: 0, env: LIMITED });
    atEnd(() => tidings.stop());
    const off = Object.fromEntries(Object.keys(LIMITED).map((name) => [name, '0']));
    const unlimited = await tidings.startApi({ PORT: '0', ...off });
    const authorization = `Bearer ${tidings.token('alice')}`;

    const sides = PATHS.flatMap((path) => [
      { api: tidings.api, path, measured: row(`${path}, counted`) },
      { api: unlimited, path, measured: row(`${path}, not counted`) },
    ]);
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const { api, path, measured } of sides) {
        const cpu = startCpu({ api: api.pid, redis: redisPid });
        const rate = await load(`${api.url}${path}`, authorization);
        if (round === 0) continue;
        measured.rates.push(rate);
        for (const [name, cost] of Object.entries(cpu(REQUESTS))) (measured.cpuUs[name] ??= []).push(cost);
      }
      console.error(`  round ${String(round)} of ${String(rounds)}`);
    }
    return report(
      `${String(REQUESTS)} requests, ${String(CONCURRENCY)} at a time`,
      'requests/s',
      sides.map(({ measured }) => measured),
    );
  });
}

function row(name: string): Measured {
  return { name, rates: [], cpuUs: {} };
}

/** Requests a second. */
async function load(url: string, authorization: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  let left = REQUESTS;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (left-- > 0) await request(url, authorization, agent);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();
  return REQUESTS / seconds;
}

function request(url: string, authorization: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization } }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${String(response.statusCode)}.`));
      });
    }).once('error', reject);
  });
}
