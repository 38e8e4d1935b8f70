import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/queue';
import {
  connectRedis,
  createTestsQueue,
  createTestLock,
  TESTS_QUEUE,
  testResultsChannel,
  type TestJob,
  type TestResult,
} from '@tidings/queue';
import { createTestRedis, eventually } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createTestWebhook, type TestAnswer } from './test-webhook.js';

const corner = createTestRedis();
const { prefix } = corner;
const channel = testResultsChannel(prefix);
const connections: RedisClient[] = [];
const connect = (purpose: 'command' | 'subscriber') => {
  const redis = connectRedis(corner.url, purpose, () => undefined);
  connections.push(redis);
  return redis;
};
const queue = createTestsQueue({ redis: connect('command'), prefix });
const testLock = createTestLock({ redis: corner.client, prefix });
const jobs = new Queue<TestJob>(TESTS_QUEUE, { connection: corner.client, prefix });
afterAll(async () => {
  await queue.close();
  await jobs.close();
  await corner.drop();
  for (const redis of connections) redis.disconnect();
});

const result: TestResult = {
  durationMs: 7,
  statusCode: 500,
  errorClass: 'http_status',
  error: 'The response had the status 500.',
  responseBody: 'no',
};
/** A process of the API. */
const start = (takenWithinMs?: number) =>
  createTestWebhook({ queue, subscriber: connect('subscriber'), channel, ...(takenWithinMs ? { takenWithinMs } : {}) });
const api = (takenWithinMs?: number) => start(takenWithinMs).testWebhook;
/** The job of a webhook's test, once there is one, as a worker takes it from the queue. */
const jobOf = (webhookId: string) =>
  eventually(async () => {
    const job = (await jobs.getWaiting()).find(({ data }) => data.webhookId === webhookId);
    if (!job) throw new Error('There is no job.');
    await job.remove();
    return job.data;
  });
const subscribers = (count: number) =>
  eventually(async () => {
    expect(await corner.client.pubsub('NUMSUB', channel)).toEqual([channel, count]);
  });

describe('a test of a webhook', () => {
  test('asks a worker, by ids alone, and gets what it tells', async () => {
    const answer = api()('alice', 'wh_1');
    await subscribers(1);
    const job = await jobOf('wh_1');
    expect(job).toEqual({ webhookId: 'wh_1', owner: 'alice', eventId: expect.stringMatching(/^evt_/) });
    await testLock.claim(job, 10_000);
    // None of these is the answer, whoever wrote it.
    for (const text of [
      '',
      'null',
      '{',
      '{"webhookId":"wh_1"}',
      JSON.stringify({ webhookId: 'wh_1', eventId: 'evt_0', result }),
    ]) {
      await corner.client.publish(channel, text);
    }
    await testLock.release({ ...job, result: { ...result, statusCode: 418 } });
    expect(await answer).toEqual({ ...result, statusCode: 418, eventId: job.eventId });
  });

  test('shares one request with others of the same webhook, in any process', async () => {
    const before = Number((await corner.client.pubsub('NUMSUB', channel))[1]);
    const answers = [api(), api(), api()].map((process) => process('alice', 'wh_2'));
    await subscribers(before + 3);
    const job = await jobOf('wh_2');
    await testLock.claim(job, 10_000);
    await testLock.release({ ...job, result });
    const sharers = (await Promise.all(answers)) as { eventId: string }[];
    expect(sharers.map(({ eventId }) => eventId)).toEqual([job.eventId, job.eventId, job.eventId]);
    expect(await jobs.count()).toBe(0);
  });

  test('that comes while the answer of one before is on its way is a test of its own', async () => {
    const process = api();
    const first = process('alice', 'wh_3');
    const job = await jobOf('wh_3');
    await testLock.claim(job, 10_000);
    await testLock.release({ ...job, result });
    // Before the first one's job has ended in BullMQ.
    const second = process('alice', 'wh_3');
    const next = await jobOf('wh_3');
    expect(next.eventId).not.toBe(job.eventId);
    await testLock.claim(next, 10_000);
    await testLock.release({ ...next, result });
    expect([(await first) as object, (await second) as object]).toMatchObject([
      { eventId: job.eventId },
      { eventId: next.eventId },
    ]);
  });

  test('that no worker takes in time is taken back, for all who wait, and no worker may take it later', async () => {
    const [impatient, patient] = [api(300), api(20_000)];
    const waiting = patient('alice', 'wh_4');
    await eventually(async () => {
      expect(await jobs.count()).toBe(1);
    });
    const [job] = (await jobs.getWaiting()).map(({ data }) => data);
    expect(await impatient('alice', 'wh_4')).toBe('withdrawn');
    expect(await waiting).toBe('withdrawn');
    expect(await jobs.count()).toBe(0);
    expect(await testLock.claim(job as TestJob, 10_000)).toBe(false);
  });

  test('that a worker has taken is waited for as long as that one may need', async () => {
    const answer = api(300)('alice', 'wh_5');
    const job = await jobOf('wh_5');
    await testLock.claim(job, 10_000);
    const withdrawn = await eventually(async () => {
      const left = await testLock.withdraw(job);
      expect(left).toBeLessThan(9500);
      return left;
    });
    expect(withdrawn).not.toBe('withdrawn');
    await testLock.release({ ...job, result });
    expect(await answer).toMatchObject({ eventId: job.eventId });
  });

  test('is waited for no longer when the process stops, and taken back if nobody has it', async () => {
    const { testWebhook, stop } = start();
    const [untaken, taken] = [testWebhook('alice', 'wh_7'), testWebhook('alice', 'wh_8')];
    await testLock.claim(await jobOf('wh_8'), 10_000);
    const job = await jobOf('wh_7');
    stop();
    expect([await untaken, await taken, await testWebhook('alice', 'wh_9')]).toEqual(['withdrawn', 'unheard', 'withdrawn']);
    expect(await testLock.claim(job, 10_000)).toBe(false);
  });

  test('whose worker tells nothing ends all the same', async () => {
    const answer = api(100)('alice', 'wh_6');
    await testLock.claim(await jobOf('wh_6'), 200);
    expect(await answer).toBe('unheard');
  });
});

describe('POST /api/webhooks/{id}/test', () => {
  const nobody = { answer: 'gone' as TestAnswer | Error };
  let server: TestApi;
  beforeAll(async () => {
    server = await startApi({
      testWebhook: () => (nobody.answer instanceof Error ? Promise.reject(nobody.answer) : Promise.resolve(nobody.answer)),
    });
  });
  afterAll(() => server.stop());

  test.each<[string, TestAnswer | Error, number, object]>([
    [
      'what the receiver answered',
      { ...result, eventId: 'evt_1' },
      200,
      { event_id: 'evt_1', succeeded: false, status_code: 500, response_body: 'no', duration_ms: 7 },
    ],
    ['that the webhook was removed meanwhile', 'gone', 404, { title: 'Not found' }],
    ['that no worker took it', 'withdrawn', 504, { detail: expect.stringContaining('nothing was sent, and nothing will be') }],
    ['that a worker took it and told nothing', 'unheard', 504, { detail: expect.stringContaining('may have been sent, once') }],
    ['that a worker could not make it', 'failed', 503, { title: 'The test could not be made' }],
    ['that Redis is away', new Error('away'), 503, { title: 'Tests are not available' }],
  ])('answers with %s', async (_name, answer, status, body) => {
    nobody.answer = answer;
    const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    const response = await server.as('alice').post(`/api/webhooks/${String(webhook.id)}/test`);
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject(body);
    await server.as('alice').delete(`/api/webhooks/${String(webhook.id)}`);
  });

  test("of somebody else's webhook is a 404, and asks no worker (I7)", async () => {
    nobody.answer = new Error('A worker was asked.');
    const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    expect((await server.as('mallory').post(`/api/webhooks/${String(webhook.id)}/test`)).status).toBe(404);
  });
});
