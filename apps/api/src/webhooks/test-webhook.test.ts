import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectRedis, createTestsQueue, TESTS_QUEUE, testResultsChannel, type TestResult } from '@tidings/queue';
import { createTestRedis, eventually } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createTestWebhook } from './test-webhook.js';

const corner = createTestRedis();
const { prefix } = corner;
const channel = testResultsChannel(prefix);
const connections: Redis[] = [];
const connect = (purpose: 'command' | 'subscriber') => {
  const redis = connectRedis(corner.url, purpose, () => undefined);
  connections.push(redis);
  return redis;
};
const queue = createTestsQueue({ redis: connect('command'), prefix });
const jobs = new Queue(TESTS_QUEUE, { connection: connections[0] as Redis, prefix });
afterAll(async () => {
  await queue.close();
  await jobs.close();
  await corner.drop();
  for (const redis of connections) redis.disconnect();
});

const result = (webhookId: string): TestResult => ({
  webhookId,
  eventId: 'evt_1',
  durationMs: 7,
  statusCode: 500,
  errorClass: 'http_status',
  error: 'The response had the status 500.',
  responseBody: 'no',
});
/** A process of the API. */
const start = (timeoutMs?: number) =>
  createTestWebhook({ queue, subscriber: connect('subscriber'), channel, ...(timeoutMs ? { timeoutMs } : {}) });
const api = (timeoutMs?: number) => start(timeoutMs).testWebhook;

describe('a test of a webhook', () => {
  test('asks a worker, by ids alone, and gets what it tells; nothing stays', async () => {
    const got: unknown[] = [];
    void api()('alice', 'wh_1').then((answer) => got.push(answer));
    await eventually(async () => {
      expect((await jobs.getWaiting()).map(({ data }) => data as unknown)).toEqual([{ webhookId: 'wh_1', userId: 'alice' }]);
    });
    await eventually(async () => {
      await connections[0]?.publish(channel, JSON.stringify(result('wh_other')));
      await connections[0]?.publish(channel, JSON.stringify(result('wh_1')));
      expect(got).toEqual([result('wh_1')]);
    });
    await jobs.remove('wh_1');
  });

  test('shares one request with others of the same webhook, in any process', async () => {
    const got: unknown[] = [];
    for (const process of [api(), api()]) void process('alice', 'wh_2').then((answer) => got.push(answer));
    await eventually(async () => {
      expect(await jobs.count()).toBe(1);
      await connections[0]?.publish(channel, JSON.stringify(result('wh_2')));
      expect(got).toEqual([result('wh_2'), result('wh_2')]);
    });
    await jobs.remove('wh_2');
  });

  test('that no worker takes in time is taken back', async () => {
    expect(await api(50)('alice', 'wh_3')).toBeNull();
    expect(await jobs.count()).toBe(0);
  });

  test('is waited for no longer when the process stops, and taken back', async () => {
    const { testWebhook, stop } = start();
    const answer = testWebhook('alice', 'wh_4');
    await eventually(async () => {
      expect(await jobs.count()).toBe(1);
    });
    stop();
    expect(await answer).toBeNull();
    expect(await jobs.count()).toBe(0);
  });
});

describe('POST /api/webhooks/{id}/test', () => {
  const nobody = { answer: null as TestResult | null | Error };
  let server: TestApi;
  beforeAll(async () => {
    server = await startApi({
      testWebhook: () => (nobody.answer instanceof Error ? Promise.reject(nobody.answer) : Promise.resolve(nobody.answer)),
    });
  });
  afterAll(() => server.stop());

  test.each<[string, TestResult | null | Error, number, object]>([
    [
      'what the receiver answered',
      result('wh_1'),
      200,
      { succeeded: false, status_code: 500, response_body: 'no', duration_ms: 7 },
    ],
    ['that no worker answered', null, 504, { title: 'No worker answered' }],
    ['that Redis is away', new Error('away'), 503, { title: 'Tests are not available' }],
  ])('answers with %s', async (_name, answer, status, body) => {
    nobody.answer = answer;
    const { body: webhook } = await server.as('alice').post('/api/webhooks').send({ url: 'https://example.com/' });
    const response = await server.as('alice').post(`/api/webhooks/${String(webhook.id)}/test`);
    expect(response.status).toBe(status);
    expect(response.body).toMatchObject(body);
  });
});
