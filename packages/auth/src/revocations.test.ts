import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy } from '@tidings/testing';
import { createRevocations, revokeToken } from './revocations.js';

const corner = createTestRedis();
const redis = corner.client;
const key = `${corner.prefix}:revoked`;
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
let proxy: FaultProxy;
beforeAll(async () => {
  proxy = await createFaultProxy(corner.url);
});
beforeEach(() => redis.del(key));
afterAll(async () => {
  await proxy.disconnect();
  await corner.drop();
});

/** An API process with a connection, and what it has logged. */
function startProcess(connection = redis) {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  return { ...createRevocations({ redis: connection, prefix: corner.prefix, log: { warn: say, info: say } }), said };
}
const revoke = (tokenId: string, endsAt = inAnHour) => revokeToken(redis, corner.prefix, { tokenId, endsAt });

describe('a revoked token', () => {
  test('is known to every process from its next round on', async () => {
    await revoke('one');
    const [process, other] = [startProcess(), startProcess()];
    expect(process.isRevoked('one')).toBe(false);
    await Promise.all([process.refresh(), other.refresh()]);
    expect([process.isRevoked('one'), other.isRevoked('one'), process.isRevoked('two')]).toEqual([true, true, false]);
  });

  test('is forgotten when it has ended anyway, by the process and by Redis', async () => {
    const process = startProcess();
    await revoke('old', inAnHour - 7200);
    await revoke('one');
    await process.refresh();
    expect([process.isRevoked('old'), process.isRevoked('one')]).toEqual([false, true]);
    expect(await redis.zrange(key, '0', '-1')).toEqual(['one']);
  });

  test('is remembered until the later of two ends', async () => {
    await revoke('one');
    await revoke('one', inAnHour - 1800);
    expect(await redis.zscore(key, 'one')).toBe(String(inAnHour));
  });

  test('is written again when Redis has lost it', async () => {
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

  test('stays revoked while Redis is away, which is said once', async () => {
    await revoke('one');
    const own = new Redis(proxy.url, { maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy: () => 20 });
    own.on('error', () => undefined);
    const process = startProcess(own);
    // The connection is not there yet: the first round waits for it.
    await process.refresh();
    expect(process.isRevoked('one')).toBe(true);
    await proxy.disconnect();
    await eventually(async () => {
      await process.refresh();
      expect(process.said).toHaveLength(1);
    });
    await process.refresh();
    expect(process.isRevoked('one')).toBe(true);
    await revoke('meanwhile');
    await proxy.restore();
    await eventually(async () => {
      await process.refresh();
      expect(process.isRevoked('meanwhile')).toBe(true);
    });
    expect(process.said).toEqual([
      'The list of revoked tokens cannot be read; the last known one holds.',
      'The list of revoked tokens is read again.',
    ]);
    own.disconnect();
  });
});
