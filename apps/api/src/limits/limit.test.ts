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
const limit = (perMinute: number, client = connection) =>
  createLimit({ redis: client, prefix: redis.prefix, name: 'owner', perMinute });

describe('a limit', () => {
  test('is shared by all processes, separately for each client', async () => {
    // Connections that wait for Redis: after a quarter of a second, on a busy machine, a process would count alone.
    const [one, other] = [limit(3, redis.client), limit(3, redis.client)];
    expect(await one.consume('alice')).toMatchObject({ remaining: 2, isExceeded: false });
    expect(await other.consume('alice')).toMatchObject({ remaining: 1, isExceeded: false });
    expect(await one.consume('alice')).toMatchObject({ remaining: 0, isExceeded: false });
    expect(await other.consume('alice')).toMatchObject({ remaining: 0, isExceeded: true });
    expect(await one.consume('bob')).toMatchObject({ remaining: 2, isExceeded: false });
  });

  test('remembers a refused client, and does not ask Redis again', async () => {
    const strict = limit(1, redis.client);
    await strict.consume('alice');
    expect(strict.exceeded('alice')).toBeNull();
    await strict.consume('alice');
    expect(strict.exceeded('alice')).toMatchObject({ isExceeded: true, remaining: 0 });
    const [key = ''] = await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`);
    for (let request = 0; request < 5; request += 1) await strict.consume('alice');
    expect(await redis.client.get(key)).toBe('2');
  });

  test('writes short keys to Redis that do not reveal the client, and expire within a minute', async () => {
    const clients = ['alice', '2001:db8::1', 'x'.repeat(255), 'a b"{c}*\u2028'];
    for (const client of clients) await limit(5, redis.client).consume(client);
    const keys = await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`);
    expect(keys).toHaveLength(clients.length);
    for (const key of keys) {
      expect(key.replace(redis.prefix, '')).toMatch(/^:limit:owner:[\w-]{22}$/);
      expect(await redis.client.ttl(key)).toBeGreaterThan(0);
      expect(await redis.client.ttl(key)).toBeLessThanOrEqual(60);
    }
  });

  test('starts a new window when Redis has lost its data', async () => {
    await limit(2, redis.client).consume('alice');
    await redis.client.del(...(await redis.client.keys(`*${redis.prefix.slice(1, -1)}*`)));
    expect(await limit(2, redis.client).consume('alice')).toMatchObject({ remaining: 1 });
  });

  test('applies while Redis is unavailable, without waiting for Redis', async () => {
    await proxy.disconnect();
    await eventually(() => {
      expect(connection.status).not.toBe('ready');
    });
    const local = limit(2);
    expect(await local.consume('alice')).toMatchObject({ remaining: 1, isExceeded: false });
    expect(await local.consume('alice')).toMatchObject({ remaining: 0, isExceeded: false });
    expect(await local.consume('alice')).toMatchObject({ isExceeded: true });
  });

  test('applies while Redis hangs: the first request waits a moment, later requests do not wait', async () => {
    proxy.freeze();
    const local = limit(2);
    const startedAt = performance.now();
    expect(await local.consume('alice')).toMatchObject({ remaining: 1, isExceeded: false });
    // A quarter of a second, and not the two seconds of other connections.
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await eventually(() => {
      expect(connection.status).not.toBe('ready');
    });
    const secondStartedAt = performance.now();
    for (let request = 0; request < 10; request += 1) await local.consume('alice');
    // Less than ten times a quarter of a second.
    expect(performance.now() - secondStartedAt).toBeLessThan(2000);
    expect(local.exceeded('alice')).not.toBeNull();
  });
});
