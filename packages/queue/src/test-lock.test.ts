import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RedisClient } from '@tidings/events';
import { createTestRedis, eventually, type TestRedis } from '@tidings/testing';
import { connectRedis } from './redis.js';
import { createTestLock, testResultsChannel, type TestOutcome, type TestLock } from './test-lock.js';

const MINUTE_MS = 60_000;
const one = { webhookId: 'wh_1', eventId: 'evt_1' };
const two = { webhookId: 'wh_1', eventId: 'evt_2' };
const result = { durationMs: 7, statusCode: 200, errorClass: null, error: null, responseBody: 'thanks' };

let redis: TestRedis;
let testLock: TestLock;
let subscriber: RedisClient;
const published: TestOutcome[] = [];
beforeAll(async () => {
  redis = createTestRedis();
  testLock = createTestLock({ redis: redis.client, prefix: redis.prefix });
  subscriber = connectRedis(redis.url, 'subscriber', () => undefined);
  subscriber.on('message', (_channel, text) => published.push(JSON.parse(text) as TestOutcome));
  await subscriber.subscribe(testResultsChannel(redis.prefix));
});
afterAll(async () => {
  subscriber.disconnect();
  await redis.drop();
});
beforeEach(async () => {
  await redis.client.del(`${redis.prefix}:test:wh_1`);
  published.length = 0;
});

describe('the lock of a webhook’s test', () => {
  test('admits one test of a webhook at a time: a second caller gets the id of the test in progress', async () => {
    expect(await testLock.acquire(one, MINUTE_MS)).toBe('evt_1');
    expect(await testLock.acquire(two, MINUTE_MS)).toBe('evt_1');
    await testLock.claim(one, MINUTE_MS);
    expect(await testLock.acquire(two, MINUTE_MS)).toBe('evt_1');
    expect(await testLock.acquire({ webhookId: 'wh_2', eventId: 'evt_3' }, MINUTE_MS)).toBe('evt_3');
  });

  test('is one for each version of a type: another one is tested meanwhile, and its steps end no other test', async () => {
    const sync = (version: number, eventId: string) => ({
      webhookId: 'wh_4',
      eventId,
      tested: { type: 'sync.completed', version },
    });
    const tests = [{ webhookId: 'wh_4', eventId: 'evt_1' }, sync(1, 'evt_2'), sync(2, 'evt_3')];
    for (const each of tests) expect(await testLock.acquire(each, MINUTE_MS)).toBe(each.eventId);
    expect(await testLock.acquire(sync(2, 'evt_4'), MINUTE_MS)).toBe('evt_3');
    expect(await Promise.all(tests.map((each) => testLock.claim(each, MINUTE_MS)))).toEqual([true, true, true]);
    await testLock.release(sync(1, 'evt_2'), result);
    await eventually(() => {
      expect(published).toEqual([{ webhookId: 'wh_4', eventId: 'evt_2', result }]);
    });
    expect(await testLock.acquire(sync(1, 'evt_5'), MINUTE_MS)).toBe('evt_5');
    expect(await testLock.withdraw(sync(1, 'evt_5'))).toBe('withdrawn');
    expect(await testLock.withdraw(sync(2, 'evt_3'))).toBeGreaterThan(MINUTE_MS / 2);
    await redis.client.del(...(await redis.client.keys('*:test:wh_4*')));
  });

  test('lets exactly one of many workers claim the test', async () => {
    await testLock.acquire(one, MINUTE_MS);
    const claims = await Promise.all(Array.from({ length: 10 }, () => testLock.claim(one, MINUTE_MS)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  test('lets no worker claim a test whose lock has expired or belongs to another test', async () => {
    expect(await testLock.claim(one, MINUTE_MS)).toBe(false);
    await testLock.acquire(one, 1);
    await eventually(async () => {
      expect(await testLock.acquire(two, MINUTE_MS)).toBe('evt_2');
    });
    expect(await testLock.claim(one, MINUTE_MS)).toBe(false);
    expect(await testLock.claim(two, MINUTE_MS)).toBe(true);
  });

  test('is released with the outcome, which is published and not stored; the next test may acquire it', async () => {
    await testLock.acquire(one, MINUTE_MS);
    await testLock.claim(one, MINUTE_MS);
    await testLock.release(one, result);
    await eventually(() => {
      expect(published).toEqual([{ ...one, result }]);
    });
    expect(await redis.client.keys(`${redis.prefix.replace(/[{}]/g, '\\$&')}*`)).toEqual([`${redis.prefix}:test:wh_2`]);
    expect(await testLock.acquire(two, MINUTE_MS)).toBe('evt_2');
  });

  test('is not released by an earlier test that took too long', async () => {
    await testLock.acquire(one, MINUTE_MS);
    await testLock.claim(one, 1);
    await eventually(async () => {
      expect(await testLock.acquire(two, MINUTE_MS)).toBe('evt_2');
    });
    await testLock.release(one, result);
    expect(await testLock.claim(two, MINUTE_MS)).toBe(true);
  });

  test('is either withdrawn or claimed, whichever comes first', async () => {
    await testLock.acquire(one, MINUTE_MS);
    expect(await testLock.withdraw(one)).toBe('withdrawn');
    expect(await testLock.claim(one, MINUTE_MS)).toBe(false);
    await eventually(() => {
      expect(published).toEqual([{ ...one, result: 'withdrawn' }]);
    });

    await testLock.acquire(two, MINUTE_MS);
    await testLock.claim(two, MINUTE_MS);
    const remainingMs = await testLock.withdraw(two);
    expect(remainingMs).toBeGreaterThan(MINUTE_MS / 2);
    expect(remainingMs).toBeLessThanOrEqual(MINUTE_MS);
    await testLock.release(two, result);
    expect(await testLock.withdraw(two)).toBe(0);
  });
});
