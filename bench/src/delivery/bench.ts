import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { startProcess, type LocalProcess } from '@tidings/local';
import { connectRedis } from '@tidings/queue';
import { startCpu } from '../cpu.js';
import { report, type Measured, type Report } from '../report.js';
import { onServers } from '../servers.js';

const ROOT = join(import.meta.dirname, '../../..');
const EVENTS = 10_000;
const BATCH = 100;
const PARALLEL = 4;
const CONCURRENCY = '100';

/**
 * Deliveries per second, end to end: published over HTTP, committed, POSTed and recorded, with one worker. Beside it,
 * alternately in the same run, a bare loop of BullMQ and the same HTTP client.
 */
export async function benchDelivery(rounds: number): Promise<Report> {
  return onServers(async ({ databaseUrl, redisUrl, redisPid, atEnd }) => {
    const node = async (script: string, ready: string, env: Record<string, string>): Promise<LocalProcess> => {
      const started = startProcess(process.execPath, [join(ROOT, script)], {
        env: { ...process.env, NODE_ENV: 'production', ...env },
      });
      atEnd(() => started.stop());
      await started.waitFor(ready);
      return started;
    };
    const receiver = await node('bench/dist/delivery/receiver.js', 'listening', {});
    const receiverUrl = `http://127.0.0.1:${/listening (\d+)/.exec(receiver.output())?.[1] ?? ''}/`;
    const secret = randomBytes(32).toString('base64');
    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      JWT_SECRET: secret,
      SECRETS_KEYS: `bench:${randomBytes(32).toString('base64')}`,
      EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      WORKER_CONCURRENCY: CONCURRENCY,
      MAX_IN_FLIGHT: CONCURRENCY,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
    };
    const api = await node('apps/api/dist/main.js', 'API is ready.', env);
    const worker = await node('apps/worker/dist/main.js', 'Worker is ready.', env);
    const bare = await node('bench/dist/delivery/bare.js', 'Worker is ready.', {
      REDIS_URL: redisUrl,
      RECEIVER: receiverUrl,
      CONCURRENCY,
    });

    const url = /http:\/\/[^"]+/.exec(api.output())?.[0] ?? '';
    const post = client(url, jwt.sign({ scope: 'events:publish' }, secret, { subject: 'alice', expiresIn: '1h' }));
    // As many requests at once as the bare loop makes.
    await post('/api/webhooks', { url: receiverUrl, max_in_flight: Number(CONCURRENCY) });
    const sql = new pg.Client({ connectionString: databaseUrl });
    await sql.connect();
    atEnd(() => sql.end());
    const connection = connectRedis(redisUrl, 'worker', () => undefined);
    const queue = new Queue('bare', { connection });
    atEnd(async () => {
      await queue.close();
      connection.disconnect();
    });

    const ours: Measured = { name: 'Tidings, publish to recorded', rates: [], cpuUs: {} };
    const limit: Measured = { name: 'bare loop: BullMQ and the same HTTP client', rates: [], cpuUs: {} };
    const common = { redis: redisPid, receiver: receiver.pid };

    // One round of each is not counted: it warms both up.
    for (let round = 0; round <= rounds; round += 1) {
      const ourRound = await measure({ api: api.pid, worker: worker.pid, ...common }, async () => {
        const { rows } = await sql.query<{ count: string }>('SELECT count(*) FROM attempts');
        await publish(post);
        await until(async () => {
          const now = await sql.query<{ count: string }>('SELECT count(*) FROM attempts');
          return Number(now.rows[0]?.count) - Number(rows[0]?.count) >= EVENTS;
        });
      });
      const bareRound = await measure({ worker: bare.pid, ...common }, async () => {
        const before = await countOf(receiverUrl);
        for (let from = 0; from < EVENTS; from += BATCH) {
          await queue.addBulk(
            Array.from({ length: BATCH }, () => ({ name: 'deliver', data: {}, opts: { removeOnComplete: true } })),
          );
        }
        await until(async () => (await countOf(receiverUrl)) - before >= EVENTS);
      });
      if (round === 0) continue;
      add(ours, ourRound);
      add(limit, bareRound);
    }
    return report('Delivery throughput, one worker, fan-out 1', 'deliveries/s', [ours, limit]);
  });
}

interface Round {
  rate: number;
  cpuUs: Record<string, number>;
}

async function measure(pids: Record<string, number>, work: () => Promise<void>): Promise<Round> {
  const cpu = startCpu(pids);
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  return { rate: EVENTS / seconds, cpuUs: cpu(EVENTS) };
}

function add(measured: Measured, { rate, cpuUs }: Round): void {
  measured.rates.push(rate);
  for (const [name, cost] of Object.entries(cpuUs)) (measured.cpuUs[name] ??= []).push(cost);
}

type Post = (path: string, body: object) => Promise<void>;

function client(url: string, token: string): Post {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return async (path, body) => {
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${await response.text()}`);
    await response.arrayBuffer();
  };
}

/** Publishes in batches, a few at a time, as a busy service would. */
async function publish(post: Post): Promise<void> {
  let left = EVENTS / BATCH;
  const publisher = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const data = { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 };
      await post('/api/events', { events: Array.from({ length: BATCH }, () => ({ type: 'sync.completed', data })) });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, publisher));
}

async function countOf(receiverUrl: string): Promise<number> {
  return Number(await (await fetch(receiverUrl)).text());
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20));
}
