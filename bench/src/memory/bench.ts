import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { residentBytes } from '../memory.js';
import { withServers } from '../servers.js';
import { startMeasuredTidings, pollUntil } from '../measured-tidings.js';

const PENDING = 100_000;
const WEBHOOKS = 100;
const BATCH = 1000;

/** Prints the memory of each process when idle and with 100,000 waiting retries, and Redis's memory per delivery. */
export async function benchMemory(): Promise<undefined> {
  await withServers(async (servers) => {
    const failing = createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(500).end());
    }).listen(0, '127.0.0.1');
    servers.addCleanup(() => failing.close());
    await once(failing, 'listening');
    const url = `http://127.0.0.1:${String((failing.address() as AddressInfo).port)}/`;
    const tidings = await startMeasuredTidings(servers, {
      env: { DELIVERY_INITIAL_DELAY_MS: '3600000', DELIVERY_JITTER: '0', WORKER_CONCURRENCY: '100' },
    });
    for (let owner = 0; owner < WEBHOOKS; owner += 1) await tidings.register(`user-${String(owner)}`, { url, max_in_flight: 10 });
    const redis = new Redis(servers.redisUrl);
    servers.addCleanup(() => {
      redis.disconnect();
    });
    const usedByRedis = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    const pids = { api: tidings.api.pid, worker: tidings.workers[0]?.pid ?? 0, redis: servers.redisPid };
    const show = (when: string): void => {
      const each = Object.entries(pids).map(([name, pid]) => `${name} ${(residentBytes(pid) / 1024 ** 2).toFixed(0)} MB`);
      console.log(`  ${when}: ${each.join(', ')}`);
    };

    console.log(`\nMemory (resident), Node ${process.version}`);
    show('idle');
    const before = await usedByRedis();
    const events = Array.from({ length: PENDING }, (_, number) => ({
      type: 'sync.completed',
      data: { user_id: `user-${String(number % WEBHOOKS)}`, items_synced: 1, errors: 0, duration_s: 1.5 },
    }));
    await tidings.publish(events, BATCH);
    show(`with ${String(PENDING)} deliveries just accepted`);
    await pollUntil(async () => {
      const { rows } = await tidings.sql.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pending_deliveries WHERE stage = 'backoff'",
      );
      return rows[0]?.count === PENDING;
    }, 500);
    show(`with ${String(PENDING)} deliveries that wait for a retry`);
    console.log(`  Redis, per delivery: ${(((await usedByRedis()) - before) / PENDING).toFixed(0)} bytes`);
  });
  return undefined;
}
