import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { RedisClient } from '@tidings/queue';
import {
  connectRedis,
  createTestsQueue,
  createTestLock,
  TESTS_QUEUE,
  testResultsChannel,
  type TestedType,
  type TestJob,
  type TestResult,
} from '@tidings/queue';
import { createTestRedis, eventually } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createTestWebhook, type TestAnswer } from './test-webhook.js';

const testRedis = createTestRedis();
const { prefix } = testRedis;
const channel = testResultsChannel(prefix);
const connections: RedisClient[] = [];
const connect = (purpose: 'command' | 'subscriber') => {
  const redis = connectRedis(testRedis.url, purpose, () => undefined);
  connections.push(redis);
  return redis;
};
const queue = createTestsQueue({ redis: connect('command'), prefix });
const testLock = createTestLock({ redis: testRedis.client, prefix });
const jobs = new Queue<TestJob>(TESTS_QUEUE, { connection: testRedis.client, prefix });
afterAll(async () => {
  await queue.close();
  await jobs.close();
  await testRedis.drop();
  for (const redis of connections) redis.disconnect();
});

const result: TestResult = {
  durationMs: 7,
  statusCode: 500,
  errorClass: 'http_status',
  error: 'The response had the status 500.',
  responseBody: 'no',
};
/** Creates the part of one API process. */
const start = (claimTimeoutMs?: number) =>
  createTestWebhook({ queue, subscriber: connect('subscriber'), channel, ...(claimTimeoutMs ? { claimTimeoutMs } : {}) });
const api = (claimTimeoutMs?: number) => start(claimTimeoutMs).testWebhook;
/** Waits for the job of a webhook's test, and removes it from the queue, as a worker does. */
const takeJob = (webhookId: string) =>
  eventually(async () => {
    const job = (await jobs.getWaiting()).find(({ data }) => data.webhookId === webhookId);
    if (!job) throw new Error('There is no job yet.');
    await job.remove();
    return job.data;
  });
const waitForSubscribers = (count: number) =>
  eventually(async () => {
    expect(await testRedis.client.pubsub('NUMSUB', channel)).toEqual([channel, count]);
  });

describe('a test of a webhook', () => {
  test('gives a worker a job that holds only ids, and returns the result of the worker', async () => {
    const answer = api()('alice', 'wh_1');
    await waitForSubscribers(1);
    const job = await takeJob('wh_1');
    expect(job).toEqual({ webhookId: 'wh_1', owner: 'alice', eventId: expect.stringMatching(/^evt_/) });
    await testLock.claim(job, 10_000);
    // None of these messages is an outcome of this test.
    for (const text of [
      '',
      'null',
      '{',
      '{"webhookId":"wh_1"}',
      JSON.stringify({ webhookId: 'wh_1', eventId: 'evt_0', result }),
    ]) {
      await testRedis.client.publish(channel, text);
    }
    await testLock.release(job, { ...result, statusCode: 418 });
    expect(await answer).toEqual({ ...result, statusCode: 418, eventId: job.eventId });
  });

  test('shares one request with parallel tests of the same webhook, in any process', async () => {
    const before = Number((await testRedis.client.pubsub('NUMSUB', channel))[1]);
    const answers = [api(), api(), api()].map((process) => process('alice', 'wh_2'));
    await waitForSubscribers(before + 3);
    const job = await takeJob('wh_2');
    await testLock.claim(job, 10_000);
    await testLock.release(job, result);
    const sharers = (await Promise.all(answers)) as { eventId: string }[];
    expect(sharers.map(({ eventId }) => eventId)).toEqual([job.eventId, job.eventId, job.eventId]);
    expect(await jobs.count()).toBe(0);
  });

  test('with another version of a type sends its own request, and its job names the version', async () => {
    const process = api();
    const tested = { type: 'gaps.updated', version: 2 };
    const first = process('alice', 'wh_10');
    const job = await takeJob('wh_10');
    const second = process('alice', 'wh_10', tested);
    const typed = await takeJob('wh_10');
    expect(typed).toEqual({ webhookId: 'wh_10', owner: 'alice', eventId: expect.not.stringMatching(job.eventId), tested });
    await testLock.claim(job, 10_000);
    expect(await testLock.claim(typed, 10_000)).toBe(true);
    await testLock.release(typed, { ...result, statusCode: 418 });
    expect(await second).toMatchObject({ eventId: typed.eventId, statusCode: 418 });
    await testLock.release(job, result);
    expect(await first).toMatchObject({ eventId: job.eventId, statusCode: 500 });
    const withdrawn = api(300)('alice', 'wh_10', tested);
    expect(await withdrawn).toBe('withdrawn');
    expect(await jobs.count()).toBe(0);
  });

  test('that starts while the result of the previous one is being published sends its own request', async () => {
    const process = api();
    const first = process('alice', 'wh_3');
    const job = await takeJob('wh_3');
    await testLock.claim(job, 10_000);
    await testLock.release(job, result);
    // Before the first one's job has ended in BullMQ.
    const second = process('alice', 'wh_3');
    const next = await takeJob('wh_3');
    expect(next.eventId).not.toBe(job.eventId);
    await testLock.claim(next, 10_000);
    await testLock.release(next, result);
    expect([(await first) as object, (await second) as object]).toMatchObject([
      { eventId: job.eventId },
      { eventId: next.eventId },
    ]);
  });

  test('that no worker claims in time is withdrawn for all callers, and no worker can claim it later', async () => {
    const [shortTimeout, longTimeout] = [api(300), api(20_000)];
    const waiting = longTimeout('alice', 'wh_4');
    await eventually(async () => {
      expect(await jobs.count()).toBe(1);
    });
    const [job] = (await jobs.getWaiting()).map(({ data }) => data);
    expect(await shortTimeout('alice', 'wh_4')).toBe('withdrawn');
    expect(await waiting).toBe('withdrawn');
    expect(await jobs.count()).toBe(0);
    expect(await testLock.claim(job as TestJob, 10_000)).toBe(false);
  });

  test('that a worker has claimed is waited for until its lock expires', async () => {
    const answer = api(2000)('alice', 'wh_5');
    const job = await takeJob('wh_5');
    await testLock.claim(job, 60_000);
    // Longer than a test waits that no worker has claimed.
    const withdrawn = await eventually(async () => {
      const remainingMs = await testLock.withdraw(job);
      expect(remainingMs).toBeLessThan(57_500);
      return remainingMs;
    });
    expect(withdrawn).not.toBe('withdrawn');
    await testLock.release(job, result);
    expect(await answer).toMatchObject({ eventId: job.eventId });
  });

  test('is no longer waited for when the process stops, and is withdrawn if no worker has claimed it', async () => {
    const { testWebhook, stop } = start();
    const [unclaimed, claimed] = [testWebhook('alice', 'wh_7'), testWebhook('alice', 'wh_8')];
    await testLock.claim(await takeJob('wh_8'), 10_000);
    const job = await takeJob('wh_7');
    stop();
    expect([await unclaimed, await claimed, await testWebhook('alice', 'wh_9')]).toEqual(['withdrawn', 'no_result', 'withdrawn']);
    expect(await testLock.claim(job, 10_000)).toBe(false);
  });

  test('whose worker publishes no result ends with no_result', async () => {
    const answer = api(2000)('alice', 'wh_6');
    await testLock.claim(await takeJob('wh_6'), 200);
    expect(await answer).toBe('no_result');
  });
});

describe('POST /api/webhooks/{id}/test', () => {
  const worker = { answer: 'gone' as TestAnswer | Error, tested: undefined as TestedType | undefined, calls: 0 };
  let server: TestApi;
  beforeAll(async () => {
    server = await startApi({
      testWebhook: (_owner, _webhookId, tested) => {
        worker.tested = tested;
        worker.calls += 1;
        return worker.answer instanceof Error ? Promise.reject(worker.answer) : Promise.resolve(worker.answer);
      },
    });
  });
  afterAll(() => server.stop());

  test.each<[string, TestAnswer | Error, number, object]>([
    [
      'the response of the receiver',
      { ...result, eventId: 'evt_1' },
      200,
      {
        event_id: 'evt_1',
        event_type: 'webhook.test',
        event_version: 1,
        succeeded: false,
        status_code: 500,
        response_body: 'no',
        duration_ms: 7,
      },
    ],
    ['a 404 when the webhook was removed before the test', 'gone', 404, { title: 'Not found' }],
    [
      'a 504 when no worker claimed it',
      'withdrawn',
      504,
      { detail: expect.stringContaining('nothing was sent, and nothing will be') },
    ],
    [
      'a 504 when a worker claimed it and returned no result',
      'no_result',
      504,
      { detail: expect.stringContaining('may have been sent, once') },
    ],
    ['a 503 when a worker could not send it', 'failed', 503, { title: 'The test could not be sent' }],
    ['a 503 when Redis is not available', new Error('not available'), 503, { title: 'Tests are not available' }],
  ])('returns %s', async (_name, answer, status, body) => {
    worker.answer = answer;
    const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    const response = await server.as('alice').post(`/api/webhooks/${String(webhook.id)}/test`);
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject(body);
    await server.as('alice').delete(`/api/webhooks/${String(webhook.id)}`);
  });

  test("gets a 404 for another owner's webhook, and asks no worker (I7)", async () => {
    worker.answer = new Error('A worker was asked.');
    const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    expect((await server.as('mallory').post(`/api/webhooks/${String(webhook.id)}/test`)).status).toBe(404);
  });

  describe('with a type', () => {
    let webhookId: string;
    const testAs = async (body: object) => {
      worker.tested = undefined;
      return server.as('alice').post(`/api/webhooks/${webhookId}/test`).send(body);
    };
    const write = async (type: string, body: object) => {
      const definition = { description: 'A parcel moved.', audience: 'everyone', schema: { type: 'object' }, ...body };
      const { status, text } = await server.as('wanda', 'event-types:write').put(`/api/event-types/${type}`).send(definition);
      if (status >= 300) throw new Error(text);
    };
    beforeAll(async () => {
      worker.answer = { ...result, eventId: 'evt_1' };
      const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
      webhookId = String(webhook.id);
      await write('parcel.sent', { examples: [{}] });
      await write('parcel.sent', { examples: [{}], version: 2 });
      await write('parcel.sent', { version: 3 });
      await write('parcel.lost', { examples: [{}] });
      await server.as('wanda', 'event-types:write').delete('/api/event-types/parcel.lost');
    });

    test.each<[string, object, TestedType | undefined, object]>([
      [
        'its default version',
        { type: 'parcel.sent' },
        { type: 'parcel.sent', version: 1 },
        { event_type: 'parcel.sent', event_version: 1 },
      ],
      [
        'the version that the body names',
        { type: 'parcel.sent', version: 2 },
        { type: 'parcel.sent', version: 2 },
        { event_type: 'parcel.sent', event_version: 2 },
      ],
      ['`webhook.test` for an empty body', {}, undefined, { event_type: 'webhook.test', event_version: 1 }],
    ])('asks the worker for %s', async (_name, body, tested, answer) => {
      const response = await testAs(body);
      expect([response.status, response.body]).toEqual([200, expect.objectContaining(answer)]);
      expect(worker.tested).toEqual(tested);
    });

    test.each([
      ['an unknown type', { type: 'parcel.eaten' }, 'type', 'is no event type'],
      ['an archived type', { type: 'parcel.lost' }, 'type', 'is archived'],
      [
        'a version that the type does not have',
        { type: 'parcel.sent', version: 4 },
        'version',
        'must be a version of the type: 1, 2, 3',
      ],
      ['a version without an example', { type: 'parcel.sent', version: 3 }, 'type', 'has no example in version 3'],
      ['a version without a type', { version: 1 }, 'type', 'is missing'],
      ['a version of 0', { type: 'parcel.sent', version: 0 }, 'version', 'must be a whole number'],
      ['an unknown field', { typ: 'parcel.sent' }, 'typ', ''],
    ])('answers 400 for %s, names the field, and asks no worker', async (_name, body, field, message) => {
      const { calls } = worker;
      const response = await testAs(body);
      expect(response.status).toBe(400);
      expect(response.body.errors).toEqual([{ field, message: expect.stringContaining(message) }]);
      expect(worker.calls).toBe(calls);
    });
  });
});
