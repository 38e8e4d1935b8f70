import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { NEVER } from './harness/signal.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import { createUser } from './harness/user.js';

let tidings: Tidings;
afterEach(() => tidings.stop());

const path = ({ id }: { id: string }) => `/api/webhooks/${id}/test`;

test('sends one request for each test, and returns its response', async () => {
  tidings = await startTidings();
  const alice = tidings.asUser('alice');
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  for (let count = 1; count <= 20; count += 1) {
    const { status, body } = await alice.call('POST', path(webhook));
    expect([status, body['event_id'], receiver.arrivals.length]).toEqual([200, receiver.arrivals.at(-1)?.id, count]);
  }
});

test('does not send the test of an API that died before a worker took it', async () => {
  tidings = await startTidings({ workers: 0 });
  const alice = tidings.asUser('alice');
  const receiver = await startReceiver();
  const [first, second] = [await alice.register(receiver), await alice.register(receiver)];
  const { url, prefix } = tidings.redis;
  const redis = new Redis(url);
  try {
    const request = alice.call('POST', path(first)).catch(() => undefined);
    await eventually(async () => {
      expect(await redis.llen(`${prefix}:tests:wait`)).toBe(1);
    });
    await tidings.api.stop('SIGKILL');
    await request;
    await eventually(async () => {
      expect(await redis.exists(`${prefix}:test:${first.id}`)).toBe(0);
    });

    const api = await tidings.startApi();
    await tidings.startWorker();
    const { status, body } = await createUser(api.url, alice.token).call('POST', path(second));
    expect(status).toBe(200);
    await eventually(async () => {
      expect(await redis.exists(`${prefix}:tests:wait`, `${prefix}:tests:active`)).toBe(0);
    });
    expect(receiver.counts()).toEqual({ [String(body['event_id'])]: 1 });
  } finally {
    redis.disconnect();
  }
});

test('does not repeat a test whose worker was killed, and answers that it may have been sent', async () => {
  tidings = await startTidings({ env: { DELIVERY_TIMEOUT_MS: '8000' } });
  const alice = tidings.asUser('alice');
  const receiver = await startReceiver(() => NEVER);
  const webhook = await alice.register(receiver);
  const request = alice.call('POST', path(webhook));
  await receiver.waitFor(1);
  // Before the attempt times out.
  await tidings.workers[0]?.stop('SIGKILL');
  // BullMQ gives the job to this worker when the lock has expired.
  await tidings.startWorker();
  const { status, body } = await request;
  expect([status, body['title']]).toEqual([504, 'The worker did not answer']);
  expect(receiver.arrivals).toHaveLength(1);
});

test('answers without workers that nothing was sent, and sends nothing', async () => {
  tidings = await startTidings({ workers: 0 });
  const alice = tidings.asUser('alice');
  const receiver = await startReceiver();
  const { status, body } = await alice.call('POST', path(await alice.register(receiver)));
  expect([status, body['title']]).toEqual([504, 'No worker took the test']);
  expect(receiver.arrivals).toEqual([]);
});
