import { Agent, get } from 'node:http';
import { startTidings } from '@tidings/local';
import { alternate, type Side } from '../alternate.js';
import { report, type Report } from '../report.js';
import { inParallel } from '../requests.js';
import { onServers } from '../servers.js';

const REQUESTS = 10_000;
const CONCURRENCY = 20;
/** So high that every request is counted and none is refused. */
const OUT_OF_REACH = '10000000';
const LIMITED = { RATE_LIMIT_PER_OWNER: OUT_OF_REACH, RATE_LIMIT_PER_IP: OUT_OF_REACH };
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
      { api: tidings.api, path, name: `${path}, counted` },
      { api: unlimited, path, name: `${path}, not counted` },
    ]).map(({ api, path, name }): Side => ({
      name,
      pids: { api: api.pid, redis: redisPid },
      run: () => load(`${api.url}${path}`, authorization),
    }));
    const rows = await alternate(sides, rounds);
    return report(`${String(REQUESTS)} requests, ${String(CONCURRENCY)} at a time`, 'requests/s', rows);
  });
}

/** Answers with how many requests it made. */
async function load(url: string, authorization: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  await inParallel(CONCURRENCY, REQUESTS, () => request(url, authorization, agent));
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
