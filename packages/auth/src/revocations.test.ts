import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy } from '@tidings/testing';
import { createRevocations, revokeToken } from './revocations.js';

const testRedis = createTestRedis();
const redis = testRedis.client;
const key = `${testRedis.prefix}:revoked`;
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
let proxy: FaultProxy;
beforeAll(async () => {
  proxy = await createFaultProxy(testRedis.url);
});
beforeEach(() => redis.del(key));
afterAll(async () => {
  await proxy.disconnect();
  await testRedis.drop();
});

/** Creates the revocations of an API process, with the messages that it logs. */
function startProcess(connection = redis) {
  const logged: string[] = [];
  const log = (message: string): void => void logged.push(message);
  return { ...createRevocations({ redis: connection, prefix: testRedis.prefix, log: { warn: log, info: log } }), logged };
}
const revoke = (tokenId: string, endsAt = inAnHour) => revokeToken(redis, testRedis.prefix, { tokenId, endsAt });

describe('a revoked token', () => {
  test('is known to every process after its next refresh', async () => {
    await revoke('one');
    const [process, other] = [startProcess(), startProcess()];
    expect(process.isRevoked('one')).toBe(false);
    await Promise.all([process.refresh(), other.refresh()]);
    expect([process.isRevoked('one'), other.isRevoked('one'), process.isRevoked('two')]).toEqual([true, true, false]);
  });

  test('is removed from the process and from Redis when it has ended', async () => {
    const process = startProcess();
    await revoke('old', inAnHour - 7200);
    await revoke('one');
    await process.refresh();
    expect([process.isRevoked('old'), process.isRevoked('one')]).toEqual([false, true]);
    expect(await redis.zrange(key, '0', '-1')).toEqual(['one']);
  });

  test('is kept until the later of two ends', async () => {
    await revoke('one');
    await revoke('one', inAnHour - 1800);
    expect(await redis.zscore(key, 'one')).toBe(String(inAnHour));
  });

  test('is written to Redis again when Redis has lost it', async () => {
    await revoke('one');
    const process = startProcess();
    await process.refresh();
    await redis.del(key);
    await process.refresh();
    expect(process.isRevoked('one')).toBe(true);
    const another = startProcess();
    await another.refresh();
    expect(another.isRevoked('one')).toBe(true);
  });

  test('stays revoked while Redis is away, which is logged once', async () => {
    await revoke('one');
    const client = new Redis(proxy.url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy: () => 20 });
    client.on('error', () => undefined);
    const process = startProcess(client);
    // The connection is still being made: the first refresh waits for it.
    await process.refresh();
    expect(process.isRevoked('one')).toBe(true);
    await proxy.disconnect();
    await eventually(async () => {
      await process.refresh();
      expect(process.logged).toHaveLength(1);
    });
    await process.refresh();
    expect(process.isRevoked('one')).toBe(true);
    await revoke('meanwhile');
    await proxy.restore();
    await eventually(async () => {
      await process.refresh();
      expect(process.isRevoked('meanwhile')).toBe(true);
    });
    expect(process.logged).toEqual([
      'The list of revoked tokens cannot be read; the last known list is used.',
      'The list of revoked tokens can be read again.',
    ]);
    client.disconnect();
  });
});
