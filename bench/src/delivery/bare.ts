// The limit: a BullMQ worker that does nothing but POST with the sender of the worker. No database, no signature.
import { Worker } from 'bullmq';
import { createAgents, createGuard, parseNetworks } from '@tidings/egress';
import { connectRedis } from '@tidings/queue';
import { createSender } from '@tidings/worker/send';

const { REDIS_URL = '', RECEIVER: url = '', CONCURRENCY = '' } = process.env;
const body = JSON.stringify({ type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1.5 } });
const guard = createGuard({ allowed: parseNetworks('127.0.0.0/8') });
const send = createSender({ agents: createAgents({ guard }), timeoutMs: 15_000 });

const worker = new Worker(
  'bare',
  async () => {
    await send({ url, body, headers: { 'content-type': 'application/json' } });
  },
  { connection: connectRedis(REDIS_URL, 'worker', () => undefined), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
console.log('ready');
