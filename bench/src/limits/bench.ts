import { Agent, get } from 'node:http';
import { startTidings } from '@tidings/local';
import { measureAlternately, type Variant } from '../measure.js';
import { report, type Report } from '../report.js';
import { runConcurrently } from '../requests.js';
import { KEYS } from '../keys.js';
import { withServers, type BenchOptions } from '../servers.js';

const REQUESTS = 10_000;
const CONCURRENCY = 20;
/** A limit that counts every request and refuses none. */
const OUT_OF_REACH = '10000000';
const LIMITED = { RATE_LIMIT_PER_OWNER: OUT_OF_REACH, RATE_LIMIT_PER_IP: OUT_OF_REACH };
const PATHS = ['/api/event-types', '/api/webhooks'];

/**
 * Measures the cost of rate limits: the same requests to an API that counts each for its owner and its address, and to one
 * without limits.
 */
export async function benchLimits(rounds: number, options: BenchOptions): Promise<Report> {
  return withServers(async ({ databaseUrl, redisUrl, redisPid, addCleanup }) => {
    const tidings = await startTidings({ databaseUrl, redisUrl, keys: KEYS, workers: 0, env: LIMITED });
    addCleanup(() => tidings.stop());
    const off = Object.fromEntries(Object.keys(LIMITED).map((name) => [name, '0']));
    const unlimited = await tidings.startApi({ PORT: '0', ...off });
    const authorization = `Bearer ${tidings.token('alice')}`;

    const variants = PATHS.flatMap((path) => [
      { api: tidings.api, path, name: `${path}, counted` },
      { api: unlimited, path, name: `${path}, not counted` },
    ]).map(({ api, path, name }): Variant => ({
      name,
      pids: { api: api.pid, redis: redisPid },
      run: () => load(`${api.url}${path}`, authorization),
    }));
    const rows = await measureAlternately(variants, rounds);
    return report(`${String(REQUESTS)} requests, ${String(CONCURRENCY)} at a time`, 'requests/s', rows);
  }, options);
}

/** Sends `REQUESTS` requests, and returns their number. */
async function load(url: string, authorization: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  await runConcurrently(CONCURRENCY, REQUESTS, () => request(url, authorization, agent));
  agent.destroy();
  return REQUESTS;
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
