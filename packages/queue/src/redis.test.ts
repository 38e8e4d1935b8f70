import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { RedisClient } from '@tidings/events';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { connectRedis, type RedisPurpose } from './redis.js';

let redis: TestRedis;
let proxy: FaultProxy;
let client: RedisClient;
let errors: Error[];
beforeEach(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  errors = [];
});
afterEach(async () => {
  client.disconnect();
  await proxy.disconnect();
  await redis.drop();
});
const open = (purpose: RedisPurpose) => {
  client = connectRedis(proxy.url, purpose, (error) => void errors.push(error));
  return client;
};
/** Resolves at the event. Unlike Node's once(), it does not reject when an error comes first. */
const occurred = (event: string) => new Promise((resolve) => client.once(event, resolve));

describe('a connection for commands', () => {
  test('fails immediately while Redis is away, reports the error, and reconnects by itself', async () => {
    await once(open('command'), 'ready');
    await proxy.disconnect();
    await eventually(() => {
      expect(errors.map(({ message }) => message)).toContainEqual(expect.stringContaining('ECONNREFUSED'));
    });
    await occurred('reconnecting');
    const answer = client.ping().catch(() => 'failed');
    const triedAgain = occurred('connecting').then(() => 'tried again');
    expect(await Promise.race([answer, triedAgain])).toBe('failed');
    await proxy.restore();
    expect(await eventually(() => client.ping())).toBe('PONG');
  });

  test('fails within seconds when Redis hangs', async () => {
    await once(open('command'), 'ready');
    proxy.freeze();
    await expect(client.ping()).rejects.toThrow('Command timed out');
  });
});

describe('a connection for limits', () => {
  test('fails sooner than one for commands when Redis hangs, then immediately, until Redis answers again', async () => {
    await once(open('limits'), 'ready');
    proxy.freeze();
    const startedAt = performance.now();
    await expect(client.ping()).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await eventually(() => {
      expect(client.status).not.toBe('ready');
    });
    await expect(client.ping()).rejects.toThrow('enableOfflineQueue options is false');
    await proxy.restore();
    expect(await eventually(() => client.ping())).toBe('PONG');
  });
});

describe('a connection for a worker', () => {
  test('waits for Redis without a limit', async () => {
    await once(open('worker'), 'ready');
    await proxy.disconnect();
    const answer = client.ping();
    await occurred('reconnecting');
    await proxy.restore();
    expect(await answer).toBe('PONG');
  });

  test('has the options that BullMQ requires of its workers', () => {
    expect(open('worker').options).toMatchObject({ maxRetriesPerRequest: null });
  });
});

describe('a connection for a subscriber', () => {
  test('subscribes again after a reconnect', async () => {
    const channel = `${redis.prefix}:news`;
    const received: string[] = [];
    open('subscriber').on('message', (_, message) => void received.push(message));
    await client.subscribe(channel);
    await proxy.disconnect();
    await proxy.restore();
    await eventually(async () => {
      expect(await redis.client.publish(channel, 'hello')).toBe(1);
      expect(received).toContain('hello');
    });
  });
});
