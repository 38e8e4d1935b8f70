import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RedisClient } from '@tidings/events';
import { createTestRedis, eventually, type TestRedis } from '@tidings/testing';
import { connectRedis } from './redis.js';
import { createTestLock, testResultsChannel, type TestOutcome, type TestLock } from './test-lock.js';

const MINUTE_MS = 60_000;
const one = { webhookId: 'wh_1', eventId: 'evt_1' };
const two = { webhookId: 'wh_1', eventId: 'evt_2' };
const result = { durationMs: 7, statusCode: 200, errorClass: null, error: null, responseBody: 'thanks' };

let corner: TestRedis;
let turns: TestLock;
let subscriber: RedisClient;
const told: TestOutcome[] = [];
beforeAll(async () => {
  corner = createTestRedis();
  turns = createTestLock({ redis: corner.client, prefix: corner.prefix });
  subscriber = connectRedis(corner.url, 'subscriber', () => undefined);
  subscriber.on('message', (_channel, text) => told.push(JSON.parse(text) as TestOutcome));
  await subscriber.subscribe(testResultsChannel(corner.prefix));
});
afterAll(async () => {
  subscriber.disconnect();
  await corner.drop();
});
beforeEach(async () => {
  await corner.client.del(`${corner.prefix}:test:wh_1`);
  told.length = 0;
});

describe('the turn of a test', () => {
  test('is one at a time for each webhook: who comes second is told which one is under way', async () => {
    expect(await turns.begin(one, MINUTE_MS)).toBe('evt_1');
    expect(await turns.begin(two, MINUTE_MS)).toBe('evt_1');
    await turns.take(one, MINUTE_MS);
    expect(await turns.begin(two, MINUTE_MS)).toBe('evt_1');
    expect(await turns.begin({ webhookId: 'wh_2', eventId: 'evt_3' }, MINUTE_MS)).toBe('evt_3');
  });

  test('is taken by exactly one of those who try at once', async () => {
    await turns.begin(one, MINUTE_MS);
    const taken = await Promise.all(Array.from({ length: 10 }, () => turns.take(one, MINUTE_MS)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('is not taken when it is over, or is the turn of another test', async () => {
    expect(await turns.take(one, MINUTE_MS)).toBe(false);
    await turns.begin(one, 1);
    await eventually(async () => {
      expect(await turns.begin(two, MINUTE_MS)).toBe('evt_2');
    });
    expect(await turns.take(one, MINUTE_MS)).toBe(false);
    expect(await turns.take(two, MINUTE_MS)).toBe(true);
  });

  test('ends with what came of it, which is told and kept nowhere, and makes room for the next', async () => {
    await turns.begin(one, MINUTE_MS);
    await turns.take(one, MINUTE_MS);
    await turns.end({ ...one, result });
    await eventually(() => {
      expect(told).toEqual([{ ...one, result }]);
    });
    expect(await corner.client.keys(`${corner.prefix.replace(/[{}]/g, '\\$&')}*`)).toEqual([`${corner.prefix}:test:wh_2`]);
    expect(await turns.begin(two, MINUTE_MS)).toBe('evt_2');
  });

  test('that took too long ends nobody else’s', async () => {
    await turns.begin(one, MINUTE_MS);
    await turns.take(one, 1);
    await eventually(async () => {
      expect(await turns.begin(two, MINUTE_MS)).toBe('evt_2');
    });
    await turns.end({ ...one, result });
    expect(await turns.take(two, MINUTE_MS)).toBe(true);
  });

  test('is either withdrawn or taken, whoever comes first', async () => {
    await turns.begin(one, MINUTE_MS);
    expect(await turns.withdraw(one)).toBe('withdrawn');
    expect(await turns.take(one, MINUTE_MS)).toBe(false);
    await eventually(() => {
      expect(told).toEqual([{ ...one, result: 'withdrawn' }]);
    });

    await turns.begin(two, MINUTE_MS);
    await turns.take(two, MINUTE_MS);
    const left = await turns.withdraw(two);
    expect(left).toBeGreaterThan(MINUTE_MS / 2);
    expect(left).toBeLessThanOrEqual(MINUTE_MS);
    await turns.end({ ...two, result });
    expect(await turns.withdraw(two)).toBe(0);
  });
});
