// The least that delivers it: a BullMQ worker that POSTs with the sender of our worker, and one UPDATE.
import { Worker } from 'bullmq';
import pg from 'pg';
import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { connectRedis } from '@tidings/queue';
import { createSender } from '@tidings/worker/send';

const { DATABASE_URL = '', REDIS_URL = '', RECEIVER = '', CONCURRENCY = '' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL });
const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8') });
const send = createSender({ agents: createAgents({ guard }), timeoutMs: 15_000 });

const worker = new Worker<{ id: string; body: string }>(
  'rates',
  async ({ data: { id, body } }) => {
    const { statusCode } = await send({ url: RECEIVER, body, headers: { 'content-type': 'application/json' } });
    await pool.query({ name: 'update', text: 'UPDATE bare_deliveries SET status = $2 WHERE id = $1', values: [id, statusCode] });
  },
  { connection: connectRedis(REDIS_URL, 'worker', () => undefined), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
console.log('ready');
