// The upper limit: a BullMQ worker that only POSTs, with the worker's sender. No database, no signature.
import { Worker } from 'bullmq';
import { connectRedis } from '@tidings/queue';
import { createSend } from './send.js';

const { REDIS_URL = '', RECEIVER = '', CONCURRENCY = '' } = process.env;
const send = createSend(RECEIVER);

const worker = new Worker(
  'bare',
  async () => {
    await send();
  },
  { connection: connectRedis(REDIS_URL, 'worker', () => undefined), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
console.log('ready');
