// The least that accepts an event for a webhook: Express, one INSERT, one job of BullMQ. No validation, no token.
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import express from 'express';
import pg from 'pg';
import { connectRedis } from '@tidings/queue';

const { DATABASE_URL = '', REDIS_URL = '' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL });
await pool.query(
  'CREATE TABLE IF NOT EXISTS bare_deliveries (id text PRIMARY KEY, body json, status integer, created_at timestamptz)',
);
const queue = new Queue('rates', { connection: connectRedis(REDIS_URL, 'command', () => undefined) });

const app = express();
app.post('/api/events', express.json(), async (request, response) => {
  const id = `evt_${randomUUID()}`;
  const body = JSON.stringify(request.body);
  await pool.query({ name: 'insert', text: 'INSERT INTO bare_deliveries VALUES ($1, $2, NULL, now())', values: [id, body] });
  const retries = { attempts: 3, backoff: { type: 'exponential', delay: 1000 } };
  await queue.add('deliver', { id, body }, { removeOnComplete: true, ...retries });
  response.status(202).json({ id });
});
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`ready ${String((server.address() as AddressInfo).port)}.`);
});
