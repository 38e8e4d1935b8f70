import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createTestRedis } from '@tidings/testing';
import { createRevocations, revokeToken } from './revocations.js';

const corner = createTestRedis();
const redis = new Redis(corner.url);
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
beforeAll(() => revokeToken(redis, corner.prefix, { tokenId: 'one', endsAt: inAnHour }));
afterAll(async () => {
  await corner.drop();
  redis.disconnect();
});

describe('a revoked token', () => {
  test('is known to every process from its next round on', async () => {
    const [process, other] = [createRevocations(redis, corner.prefix), createRevocations(redis, corner.prefix)];
    expect(process.isRevoked('one')).toBe(false);
    await Promise.all([process.refresh(), other.refresh()]);
    expect([process.isRevoked('one'), other.isRevoked('one'), process.isRevoked('two')]).toEqual([true, true, false]);
  });

  test('is forgotten when it has ended anyway', async () => {
    const revocations = createRevocations(redis, corner.prefix);
    await revokeToken(redis, corner.prefix, { tokenId: 'old', endsAt: inAnHour - 7200 });
    await revocations.refresh();
    await revocations.refresh();
    expect([revocations.isRevoked('old'), revocations.isRevoked('one')]).toEqual([false, true]);
  });

  test('stays revoked while Redis is away', async () => {
    const own = new Redis(corner.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true });
    await own.connect();
    const revocations = createRevocations(own, corner.prefix);
    await revocations.refresh();
    own.disconnect();
    await expect(revocations.refresh()).rejects.toThrow();
    expect(revocations.isRevoked('one')).toBe(true);
  });
});
