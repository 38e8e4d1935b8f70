import { afterAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { createRevocations } from '@tidings/revocation';
import { createTestRedis } from '@tidings/testing';

const COMMAND = join(import.meta.dirname, '../bin/tidings.js');
const { url, prefix, drop } = createTestRedis();
const redis = new Redis(url);
const revocations = createRevocations({ redis, prefix, log: { warn: () => undefined, info: () => undefined } });
afterAll(async () => {
  await drop();
  redis.disconnect();
});

const revoke = (args: string[], env: NodeJS.ProcessEnv = { REDIS_URL: url, REDIS_PREFIX: prefix }) =>
  promisify(execFile)(process.execPath, [COMMAND, 'revoke', ...args], { env: { PATH: process.env['PATH'], ...env } });

describe('tidings revoke', () => {
  test('revokes a token until it ends, or the token of an id', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const { stdout } = await revoke([jwt.sign({ sub: 'alice', exp, jti: 'one' }, 'x'.repeat(32))]);
    expect(stdout).toBe(`Revoked one until ${new Date(exp * 1000).toISOString()}.\n`);
    await revoke(['two', '--expires-in', '1h']);
    await revocations.refresh();
    expect(['one', 'two', 'three'].map(revocations.isRevoked)).toEqual([true, true, false]);
  });

  test('says what is missing', async () => {
    await expect(revoke([jwt.sign({ sub: 'alice' }, 'x'.repeat(32))])).rejects.toThrow('has no jti');
    await expect(revoke(['one'], {})).rejects.toThrow('REDIS_URL is not set');
    await expect(revoke(['one'], { REDIS_URL: 'redis://127.0.0.1:1' })).rejects.toThrow('Redis did not take it');
  });
});
