// A worker as services typically write it themselves: BullMQ, one Prisma call to read the webhook, one to write the attempt,
// and got with its default options.
import { createHmac } from 'node:crypto';
import { Worker } from 'bullmq';
import got from 'got';
import { openDatabase } from '@tidings/database';
import { connectRedis } from '@tidings/queue';

interface Data {
  deliveryId: string;
  webhookId: string;
  event: { id: string; type: string; data: object };
}

const { DATABASE_URL = '', REDIS_URL = '', CONCURRENCY = '' } = process.env;
const { prisma } = openDatabase({ url: DATABASE_URL });

const worker = new Worker<Data>(
  'naive',
  async ({ data: { deliveryId, webhookId, event }, attemptsMade }) => {
    const webhook = await prisma.webhook.findUniqueOrThrow({ where: { id: webhookId } });
    const body = JSON.stringify({ type: event.type, timestamp: new Date().toISOString(), data: event.data });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', webhook.sealedSecret).update(`${event.id}.${timestamp}.${body}`).digest('base64');
    const startedAt = new Date();
    const response = await got.post(webhook.url, {
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': event.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
    });
    await prisma.attempt.create({
      data: {
        deliveryId,
        number: attemptsMade + 1,
        startedAt,
        durationMs: Date.now() - startedAt.getTime(),
        statusCode: response.statusCode,
        responseBody: response.body,
      },
    });
  },
  { connection: connectRedis(REDIS_URL, 'worker', () => undefined), concurrency: Number(CONCURRENCY) },
);
await worker.waitUntilReady();
console.log('ready');
