// The limit: a BullMQ worker that does nothing but POST with the sender of the worker. No database, no signature.
import { Worker } from 'bullmq';
import { connectRedis } from '@tidings/queue';
import { createSending } from './sending.js';

const { REDIS_URL = '', RECEIVER = '', CONCURRENCY = '' } = process.env;
const send = createSending(RECEIVER);

const worker = new Worker(
  'bare',
  async () => {
    await send();
  },
  { connection: connectRedis(REDIS_URL, 'worker', () => undefined), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
console.log('ready');
