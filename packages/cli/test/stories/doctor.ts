import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createMachineKeys } from '@tidings/config';
import { startRedis } from '@tidings/local';
import { createTestDatabase } from '@tidings/testing';
import { openTerminal } from '../cli.js';
import type { System } from '../system.js';

interface Finding {
  check: string;
  level: string;
  message: string;
  advice: string | null;
}

/** Tests of `tidings doctor`. */
export function doctorStories(system: () => System): void {
  /** Runs doctor and returns its findings by the name of the check. */
  const examine = async (more: Record<string, string> = {}, args = '') => {
    const { databaseUrl, redis, keys } = system();
    const env = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ...keys, ...more };
    const { code, json } = await openTerminal(env).json(['doctor', ...(args === '' ? [] : args.split(' '))]);
    const findings = json.findings as Finding[];
    return { code, ok: json.ok as boolean, found: new Map(findings.map((finding) => [finding.check, finding])) };
  };

  describe('tidings doctor', () => {
    test('finds no problem in a running Tidings, and lists every check', async () => {
      const { tidings } = system();
      await system().as('dina').run('webhooks create https://example.com/hook');
      const api = { TIDINGS_URL: tidings.url, TIDINGS_TOKEN: tidings.token('dina') };
      const { code, ok, found } = await examine(api, `--health ${tidings.url}`);
      expect({ code, ok }).toEqual({ code: 0, ok: true });
      // The suites' PostgreSQL runs without fsync.
      expect(found.get('durability')?.message).not.toContain('synchronous_commit');
      expect([...found].filter(([check]) => check !== 'durability').map(([check, { level }]) => `${check}: ${level}`)).toEqual(
        (
          'settings,PostgreSQL,migrations,rights,partitions,server settings,seal keys,Redis,Redis rights,Redis memory,Redis disk,clocks,token keys,token alg,token header,token key,' +
          'token signature,token exp,token nbf,token iat,token iss,token aud,token sub,token scopes,token jti,egress,API,token,health'
        )
          .split(',')
          .map((check) => `${check}: ok`),
      );
    });

    test('asks the API for its egress rules with an admin token, and says so when it used its own environment', async () => {
      const { tidings } = system();
      const operator = { TIDINGS_URL: `${tidings.url}/`, TIDINGS_TOKEN: tidings.token('olga', 'admin') };
      const asked = await examine(operator);
      expect(asked.found.get('egress')?.message).toBe(
        'webhooks may reach 127.0.0.0/8, ::1/128 (EGRESS_ALLOW_CIDRS): this machine, by the rules of the API',
      );
      // The rules of the API count, not the settings here, which differ.
      const other = await examine({
        ...operator,
        EGRESS_ALLOW_CIDRS: '169.254.0.0/16',
        EGRESS_PROXY: 'http://u:hunter2@proxy:3128',
      });
      expect(other.found.get('egress')).toEqual({
        check: 'egress',
        level: 'warning',
        message:
          'the API has other rules than this environment: allowed 127.0.0.0/8, ::1/128; denied none; no proxy; here allowed 169.254.0.0/16; denied none; a proxy',
        advice: expect.stringContaining('the same EGRESS_… settings'),
      });
      for (const [env, reason] of [
        [{ ...operator, TIDINGS_TOKEN: tidings.token('dina') }, 'only a token with the scope admin may ask the API'],
        [{ ...operator, TIDINGS_TOKEN: 'not-a-token' }, 'the API answers 401'],
        [{ TIDINGS_URL: tidings.url }, 'there is no --url or no --token'],
        [{ ...operator, TIDINGS_URL: 'http://127.0.0.1:9' }, 'the API cannot be asked: '],
      ] as const) {
        const { found } = await examine(env);
        expect(found.get('egress')?.message).toContain(
          `webhooks reach public addresses only, by the settings of this environment (${reason}`,
        );
      }
    });

    test('runs every check although others fail, and prints the problem and the remedy of each', async () => {
      const wrong = {
        JWT_PUBLIC_KEY_FILE: '/nowhere/key.pem',
        DATABASE_URL: 'postgresql://nobody:a-password@127.0.0.1:9/none',
        REDIS_URL: 'redis://:a-password@127.0.0.1:9',
        SECRETS_KEYS: 'k1:short',
        JWT_SECRET: 'short',
        EGRESS_ALLOW_CIDRS: '0.0.0.0/0',
        TIDINGS_URL: 'http://127.0.0.1:9',
      };
      const { code, ok, found } = await examine(wrong, '--health http://127.0.0.1:9');
      expect({ code, ok }).toEqual({ code: 1, ok: false });
      for (const check of ['settings', 'PostgreSQL', 'Redis', 'seal keys', 'token keys', 'egress', 'API', 'health']) {
        expect(found.get(check)).toMatchObject({ check, level: 'wrong', advice: expect.stringMatching(/.\.$|README/) });
      }
      expect(JSON.stringify([...found.values()])).not.toContain('a-password');
      const nothing = await openTerminal().run('doctor');
      expect(nothing).toMatchObject({ code: 1, err: '' });
      expect(nothing.out).toMatch(/✗ PostgreSQL +DATABASE_URL is not set\n +→ .*[^]*\n3 wrong, 0 warnings\.$/);
    });

    test('explains a token that the API refuses, and compares the clock of the API with its own', async () => {
      const { tidings, keys } = system();
      const token = tidings.token('dora');
      const { code, found } = await examine(
        { TIDINGS_URL: tidings.url, JWT_ISSUER: 'someone', JWT_SECRET: `${'new'.repeat(20)}\n${keys.JWT_SECRET}` },
        `--token ${token}`,
      );
      expect(code).toBe(1);
      expect(found.get('token iss')).toMatchObject({ level: 'wrong', message: 'is absent; JWT_ISSUER is "someone" (issuer)' });
      expect(found.get('token signature')).toMatchObject({ level: 'ok' });
      expect(found.get('clocks')?.message).toMatch(/^this machine, API, PostgreSQL, Redis: /);
    });

    test('says which setting is mistyped', async () => {
      const { code, found } = await examine({ JWT_AUDIANCE: 'tidings' });
      expect(code).toBe(0);
      expect(found.get('settings')).toMatchObject({ level: 'warning', message: expect.stringContaining('mean JWT_AUDIENCE?') });
    });

    test('finds a database without migrations', async () => {
      const empty = await createTestDatabase('empty');
      const { code, found } = await examine({ DATABASE_URL: empty.url });
      await empty.drop();
      expect(code).toBe(1);
      expect(found.get('migrations')).toMatchObject({
        level: 'wrong',
        message: expect.stringMatching(/^migrations are missing \(all\): run /),
      });
    });

    test('finds a role that cannot have periods added, with what to grant, and partitions that run out', async () => {
      const database = await createTestDatabase();
      const client = await database.connect();
      const role = `doctor_${randomBytes(6).toString('hex')}`;
      const url = new URL(database.url);
      [url.username, url.password] = [role, 'x'];
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}; UPDATE partitions SET ends_at = now() + interval '2 hours'
        WHERE ends_at = (SELECT max(ends_at) FROM partitions)`);
      const owned = await examine({ DATABASE_URL: url.href });
      expect(owned.code).toBe(1);
      expect(owned.found.get('rights')).toMatchObject({
        level: 'wrong',
        message: expect.stringContaining('missing: EXECUTE on add_period, EXECUTE on drop_next_partition'),
        advice: expect.stringContaining(`GRANT EXECUTE ON FUNCTION public.add_period TO ${role}`),
      });
      expect(owned.found.get('partitions')).toMatchObject({
        level: 'wrong',
        message: expect.stringMatching(/^only for the next 0\.1 days/),
      });
      await client.query(`REVOKE ALL ON webhooks FROM ${role}`);
      const revoked = await examine({ DATABASE_URL: url.href });
      expect(revoked.found.get('rights')?.message).toContain('lacks DELETE on webhooks, INSERT on webhooks');
      await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await database.drop();
    });

    test('says in the words of the log and of /readyz why the database cannot be used', async () => {
      const url = new URL(system().databaseUrl);
      const wrongPassword = await examine({ DATABASE_URL: Object.assign(new URL(url), { password: 'wrong' }).href });
      expect(wrongPassword.found.get('PostgreSQL')?.message).toContain('PostgreSQL refuses the login');
      const missing = await examine({ DATABASE_URL: Object.assign(new URL(url), { pathname: '/none' }).href });
      expect(missing.found.get('PostgreSQL')?.message).toContain('the database of DATABASE_URL does not exist');
    });

    test('finds secrets that no key opens, and secrets that only another key than the first opens', async () => {
      const { keys } = system();
      const { json: webhook } = await system().as('dave').json('webhooks create https://example.com/hook');
      const other = createMachineKeys().SECRETS_KEYS.replace('local:', 'other:');
      const closed = await examine({ SECRETS_KEYS: other });
      expect(closed.code).toBe(1);
      expect(closed.found.get('seal keys')?.message).toMatch(/do not open: .*Sealed with the key "local"/);
      const old = await examine({ SECRETS_KEYS: `${other},${keys.SECRETS_KEYS}` });
      expect(old.code).toBe(0);
      expect(old.found.get('seal keys')).toMatchObject({ level: 'warning', advice: expect.stringContaining('tidings reseal') });
      await system()
        .as('dave')
        .run(`webhooks delete ${String(webhook.id)}`);
    });

    test('finds a Redis that evicts keys, and one that writes nothing to disk', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tidings doctor-'));
      const redis = await startRedis({ folder, settings: { 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' } });
      const { code, found } = await examine({ REDIS_URL: redis.url });
      await redis.stop();
      expect(code).toBe(1);
      expect(found.get('Redis memory')).toMatchObject({ level: 'wrong', message: 'maxmemory-policy is allkeys-lru' });
      expect(found.get('Redis disk')).toMatchObject({ level: 'wrong', message: expect.stringContaining('nothing is written') });

      const snapshots = await startRedis({ folder, settings: { save: '60 1', appendonly: 'no' } });
      const { found: again } = await examine({ REDIS_URL: snapshots.url });
      await snapshots.stop();
      expect(again.get('Redis disk')).toMatchObject({
        level: 'warning',
        message:
          'only snapshots are written to disk; no event of a service waits in Redis, so none would be lost if Redis crashed now',
      });
    });

    test('finds a Redis that takes no writes: a replica, and one that is full', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'tidings doctor-'));
      const redis = await startRedis({ folder, settings: { replicaof: '127.0.0.1 9' } });
      const replica = await examine({ REDIS_URL: redis.url });
      await redis.stop();
      expect(replica.found.get('Redis')).toMatchObject({
        level: 'wrong',
        message: expect.stringContaining('Redis is a replica, which refuses writes'),
        advice: expect.stringContaining('Sentinels'),
      });
      const full = await startRedis({ folder, settings: { maxmemory: '1' } });
      const { found } = await examine({ REDIS_URL: full.url });
      await full.stop();
      expect(found.get('Redis')).toMatchObject({
        level: 'wrong',
        message: expect.stringContaining('the memory of Redis is full'),
      });
    });

    test('names the rights that the user of Redis lacks, and says in words when the password is wrong', async () => {
      const { redis } = system();
      const folder = mkdtempSync(join(tmpdir(), 'tidings doctor-'));
      const rules = `doctor on >a-password ~${redis.prefix}:* resetchannels +@all -evalsha -zadd -subscribe`;
      const server = await startRedis({ folder, settings: { requirepass: 'a-password' } });
      const admin = new Redis(server.url.replace(/:[^:]*@/, ':a-password@'));
      await admin.call('ACL', 'SETUSER', ...rules.split(' '));
      admin.disconnect();
      const urlOf = (login: string) => server.url.replace(/\/\/.*@/, `//${login}@`);
      const REDIS_PREFIX = redis.prefix;
      const { code, found } = await examine({ REDIS_URL: urlOf('doctor:a-password'), REDIS_PREFIX });
      const refused = await examine({ REDIS_URL: urlOf('doctor:wrong'), REDIS_PREFIX });
      await server.stop();
      expect(code).toBe(1);
      expect(found.get('Redis')?.level).toBe('ok');
      expect(found.get('Redis rights')).toMatchObject({
        level: 'wrong',
        message: expect.stringContaining('the user may not run EVALSHA, PUBLISH, ZADD, SUBSCRIBE: NOPERM'),
      });
      expect(refused.found.get('Redis')).toMatchObject({
        level: 'wrong',
        message: expect.stringContaining('Redis refuses the user or the password'),
      });
    });

    test('says that a password in a URL must be percent-encoded, without the password', async () => {
      const { found } = await examine({
        REDIS_URL: 'redis://:hunter2%@host:6379',
        DATABASE_URL: 'postgresql://u:hunter/2@host/db',
      });
      for (const check of ['Redis', 'PostgreSQL']) {
        expect(found.get(check)).toMatchObject({ level: 'wrong', message: expect.stringContaining('percent-encoded') });
      }
      expect(JSON.stringify([...found.values()])).not.toContain('hunter');
    });
  });
}
