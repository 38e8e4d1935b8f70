import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { createRevocations } from '@tidings/auth';
import { createTestRedis } from '@tidings/testing';
import { openTerminal } from '../test/cli.js';

const { url, prefix, drop } = createTestRedis();
const redis = new Redis(url);
const revocations = createRevocations({ redis, prefix, log: { warn: () => undefined, info: () => undefined } });
afterAll(async () => {
  await drop();
  redis.disconnect();
});

const revoke = (args: string[], env: NodeJS.ProcessEnv = { REDIS_URL: url, REDIS_PREFIX: prefix }) =>
  openTerminal(env).run(['revoke', ...args]);

const refusal = (code: number, message: string) => ({ code, err: expect.stringContaining(message) });

describe('tidings revoke', () => {
  test('revokes a token until it expires, or the token with a jti', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const { out } = await revoke([jwt.sign({ sub: 'alice', exp, jti: 'one' }, 'x'.repeat(32))]);
    expect(out).toBe(`Revoked one until ${new Date(exp * 1000).toISOString()}.`);
    await revoke(['two', '--expires-in', '1h']);
    await revocations.refresh();
    expect(['one', 'two', 'three'].map(revocations.isRevoked)).toEqual([true, true, false]);
  });

  test('names what is missing', async () => {
    expect(await revoke([jwt.sign({ sub: 'alice' }, 'x'.repeat(32))])).toMatchObject(refusal(2, 'has no jti'));
    expect(await revoke(['one'], {})).toMatchObject(refusal(2, 'REDIS_URL is not set'));
    const unreachable = await revoke(['one'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(unreachable).toMatchObject(refusal(4, 'could not be written to Redis'));
  });
});
