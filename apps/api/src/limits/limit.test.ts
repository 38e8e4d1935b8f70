import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { RedisClient } from '@tidings/queue';
import { connectRedis } from '@tidings/queue';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { createLimit } from './limit.js';

let redis: TestRedis;
let proxy: FaultProxy;
let connection: RedisClient;
beforeEach(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  connection = connectRedis(proxy.url, 'limits', () => undefined);
  await once(connection, 'ready');
});
afterEach(async () => {
  await proxy.restore();
  await eventually(() => {
    expect(connection.status).toBe('ready');
  });
  connection.disconnect();
  await proxy.disconnect();
  await redis.drop();
});
const limit = (perMinute: number) => createLimit({ redis: connection, prefix: redis.prefix, name: 'user', perMinute });

describe('a limit', () => {
  test('is counted by all processes together, for each caller', async () => {
    const [one, other] = [limit(3), limit(3)];
    expect(await one.count('alice')).toMatchObject({ remaining: 2, over: false });
    expect(await other.count('alice')).toMatchObject({ remaining: 1, over: false });
    expect(await one.count('alice')).toMatchObject({ remaining: 0, over: false });
    expect(await other.count('alice')).toMatchObject({ remaining: 0, over: true });
    expect(await one.count('bob')).toMatchObject({ remaining: 2, over: false });
  });

  test('knows whom it refused, and asks Redis no more', async () => {
    const strict = limit(1);
    await strict.count('alice');
    expect(strict.over('alice')).toBeNull();
    await strict.count('alice');
    expect(strict.over('alice')).toMatchObject({ over: true, remaining: 0 });
    const [key = ''] = await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`);
    for (let again = 0; again < 5; again += 1) await strict.count('alice');
    expect(await redis.client.get(key)).toBe('2');
  });

  test('leaves keys in Redis that are short, plain, say nothing of the caller, and end within a minute', async () => {
    const callers = ['alice', '2001:db8::1', 'x'.repeat(255), 'a b"{c}*\u2028'];
    for (const caller of callers) await limit(5).count(caller);
    const keys = await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`);
    expect(keys).toHaveLength(callers.length);
    for (const key of keys) {
      expect(key.replace(redis.prefix, '')).toMatch(/^:limit:user:[\w-]{22}$/);
      expect(await redis.client.ttl(key)).toBeGreaterThan(0);
      expect(await redis.client.ttl(key)).toBeLessThanOrEqual(60);
    }
  });

  test('begins again when Redis has lost the count', async () => {
    await limit(2).count('alice');
    await redis.client.del(...(await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`)));
    expect(await limit(2).count('alice')).toMatchObject({ remaining: 1 });
  });

  test('holds while Redis is away, and does not wait for it', async () => {
    await proxy.disconnect();
    await eventually(() => {
      expect(connection.status).not.toBe('ready');
    });
    const alone = limit(2);
    expect(await alone.count('alice')).toMatchObject({ remaining: 1, over: false });
    expect(await alone.count('alice')).toMatchObject({ remaining: 0, over: false });
    expect(await alone.count('alice')).toMatchObject({ over: true });
  });

  test('holds while Redis hangs: the first request waits for less than a second, later ones not at all', async () => {
    proxy.freeze();
    const alone = limit(2);
    const startedAt = performance.now();
    expect(await alone.count('alice')).toMatchObject({ remaining: 1, over: false });
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await eventually(() => {
      expect(connection.status).not.toBe('ready');
    });
    const lateAt = performance.now();
    for (let request = 0; request < 10; request += 1) await alone.count('alice');
    expect(performance.now() - lateAt).toBeLessThan(200);
    expect(alone.over('alice')).not.toBeNull();
  });
});
