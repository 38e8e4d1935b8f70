import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { syncFailed } from '@tidings/events';
import { startRedis, temporaryFolder, type LocalRedis } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

const { folder, remove } = temporaryFolder();
const start = (port?: number) => startRedis({ folder: join(folder, 'redis'), ...(port === undefined ? {} : { port }) });
let redis: LocalRedis;
let tidings: Tidings;
beforeAll(async () => {
  redis = await start();
  tidings = await startTidings({ redisUrl: redis.url, env: { RECONCILE_INTERVAL_MS: '500', STREAM_HEARTBEAT_MS: '500' } });
});
afterAll(async () => {
  await tidings.stop();
  await redis.stop();
  remove();
});

const ANSWER_LIMIT_MS = 2000;
const DEADLINE_MS = 90_000;

test('accepts and streams events without delay while Redis is down, and delivers them when it is back', async () => {
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const receiver = await startReceiver();
  const webhook = await alice.register(receiver);
  const stream = await alice.follow();
  const event = () => syncFailed({ user_id: 'alice', error_message: '' });
  const ids = [await service.publish(event())];
  await receiver.waitFor(1);

  await redis.stop('SIGKILL');
  const stoppedAt = performance.now();
  await expectThreeWithoutDelay(async () => {
    const { status, body } = await service.call('POST', '/api/events', event());
    expect(status).toBe(202);
    ids.push(String(body['id']));
  });
  // Without announcements, the API reads the log.
  await stream.waitFor(4);
  expect(stream.ids()).toEqual(ids);
  // Publishing over Redis fails without delay.
  await expectThreeWithoutDelay(() => expect(tidings.publisher.publish(event())).rejects.toThrow());

  // A Redis that is back before the first attempt to reconnect is no outage.
  await eventually(() => {
    for (const process of [tidings.api, ...tidings.workers]) expect(warningsOf(process)).not.toEqual([]);
  });
  redis = await start(Number(new URL(redis.url).port));
  // The reconciler enqueues the lost deliveries 15 s after their acceptance.
  const deliveries = await alice.waitForDeliveries(webhook, 4, DEADLINE_MS);
  expect(deliveries.map(({ event_id, status }) => [event_id, status])).toEqual(ids.map((id) => [id, 'succeeded']));
  expect(receiver.counts()).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));

  // Few lines a minute from each process, instead of one from each connection, queue and task every two seconds.
  const minutes = Math.ceil((performance.now() - stoppedAt) / 60_000);
  for (const process of [tidings.api, ...tidings.workers]) {
    const { output } = process;
    expect(warningsOf(process).slice(3 * minutes)).toEqual([]);
    expect(output()).not.toContain('Unhandled error event');
    await eventually(() => {
      expect(output()).toContain('Redis can be reached again.');
    });
  }

  // Publishing works again over HTTP and over Redis, and so does the stream.
  ids.push(await service.publish(event()));
  await receiver.waitFor(5);
  ids.push((await tidings.publisher.publish(event())).id);
  await receiver.waitFor(6);
  await stream.waitFor(6);
  expect(stream.ids()).toEqual(ids);
});

function warningsOf({ output }: { output: () => string }): string[] {
  const lines = output().split('\n');
  return lines.filter((line) => line.includes('"level":"warn"') && !line.includes('EGRESS_ALLOW_CIDRS'));
}

/** Three calls: on a busy machine any one of them may be slow, but all three only if they wait for Redis. */
async function expectThreeWithoutDelay(call: () => Promise<void>): Promise<void> {
  const durations: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const begin = performance.now();
    await call();
    durations.push(performance.now() - begin);
  }
  expect(Math.min(...durations)).toBeLessThan(ANSWER_LIMIT_MS);
}
