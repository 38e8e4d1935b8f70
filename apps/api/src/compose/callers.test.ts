import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { openDatabase, readRevocations, writeRevocations } from '@tidings/database';
import { createFaultProxy, eventually, type FaultProxy } from '@tidings/testing';
import { followStream } from '../../test/follow-stream.js';
import { openRaw } from '../../test/raw-socket.js';
import { SECRET, startApi, type TestApi, type TestApiOptions } from '../../test/start-api.js';

const now = () => Math.floor(Date.now() / 1000);
const statusOf = async (api: TestApi, token: string) =>
  (await fetch(`${api.url}/api/event-types`, { headers: { authorization: `Bearer ${token}` } })).status;
const ended = { ended: true, text: expect.stringContaining('{"reason":"token_revoked"}') };
/** Revokes as another process does that this one cannot hear. */
const revokeElsewhere = (api: TestApi, kind: 'token' | 'owner', subject: string) =>
  writeRevocations(api.database.pool, [{ kind, subject, notBefore: null, endsAt: null, owner: null }], 'olga');

describe('a revoked token', () => {
  let proxy: FaultProxy;
  let redisProxy: FaultProxy;
  let api: TestApi;
  beforeEach(async () => {
    api = await startApi({
      refusalIntervalMs: 20,
      reachDatabase: async (url) => {
        proxy = await createFaultProxy(url);
        return proxy.url;
      },
      reachRedis: async (url) => {
        redisProxy = await createFaultProxy(url);
        return redisProxy.url;
      },
    });
  });
  afterEach(async () => {
    await api.stop();
    await proxy.disconnect();
    await redisProxy.disconnect();
  });

  test('is refused, and its stream ends, when the revocation is answered', async () => {
    const [lost, kept] = [api.token('alice', { jti: 'lost' }), api.token('alice', { jti: 'kept' })];
    const [stream, other] = [await followStream(api, { token: lost }), await followStream(api, { token: kept })];
    await api.revoke({ jti: 'lost' });
    expect([await statusOf(api, lost), await statusOf(api, kept)]).toEqual([401, 200]);
    await eventually(() => {
      expect(stream.received).toMatchObject(ended);
    });
    expect(other.received.ended).toBe(false);
    other.close();
  });

  test('is refused when the rest of its request arrives after the revocation', async () => {
    const body = JSON.stringify({ url: 'https://example.com/hook' });
    const socket = await openRaw(api.url);
    socket.send(
      `POST /api/webhooks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.token('alice', { jti: 'lost' })}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\nExpect: 100-continue\r\n\r\n${body.slice(0, 5)}`,
    );
    await eventually(() => {
      expect(socket.received()).toContain('HTTP/1.1 100 Continue');
    });
    expect(await statusOf(api, api.token('alice', { jti: 'lost' }))).toBe(200);
    await api.revoke({ jti: 'lost' });
    socket.send(body.slice(5));
    expect(await socket.closed).toContain('HTTP/1.1 401 ');
    expect(await api.database.prisma.webhook.count()).toBe(0);
  });

  test('is refused by a process that does not hear Redis, which reads the revocation from PostgreSQL', async () => {
    await redisProxy.disconnect();
    const token = api.token('alice', { jti: 'lost' });
    expect(await statusOf(api, token)).toBe(200);
    await revokeElsewhere(api, 'token', 'lost');
    await eventually(async () => {
      expect(await statusOf(api, token)).toBe(401);
    });
    await redisProxy.restore();
  });

  test('has its stream ended by an announcement while PostgreSQL is unavailable', async () => {
    // The stream opens first: opening it reads the log.
    const token = api.token('alice', { jti: 'lost' });
    const stream = await followStream(api, { token });
    await proxy.disconnect();
    await eventually(async () => {
      expect(await api.metrics()).toMatch(/tidings_periodic_task_rounds_total\{task="refused callers",result="failed"\} [1-9]/);
    });
    const message = JSON.stringify({ kind: 'token', subject: 'lost', notBefore: null, endsAt: null });
    await api.redis.client.publish(`${api.redis.prefix}:revocations`, message);
    await eventually(() => {
      expect(stream.received).toMatchObject(ended);
    });
    expect(await statusOf(api, token)).toBe(401);
    await proxy.restore();
  });

  test('ends the browser session for the pages of the queues that it began', async () => {
    const headers = { authorization: `Bearer ${api.token('olga', { scope: 'admin', jti: 'lost' })}` };
    const begin = async () => {
      const begun = await fetch(`${api.url}/api/admin/queues/session`, { method: 'POST', headers });
      return String(begun.headers.get('set-cookie')).split(';')[0] ?? '';
    };
    const cookie = await begin();
    const open = async () => (await fetch(`${api.url}/admin/queues`, { headers: { cookie } })).status;
    expect(await open()).toBe(200);
    await api.revoke({ jti: 'lost' });
    expect(await open()).toBe(401);
  });

  test('stays revoked after a FLUSHALL of Redis, and in PostgreSQL that has lost it', async () => {
    const token = api.token('alice', { jti: 'lost' });
    await api.revoke({ jti: 'earlier' });
    await api.revoke({ jti: 'lost' });
    await api.revocations.refresh();
    const keys = await api.redis.client.keys(`${api.redis.prefix.replace(/[{}]/g, '\\$&')}*`);
    if (keys.length > 0) await api.redis.client.del(...keys);
    await api.database.pool.query("DELETE FROM revocations WHERE subject = 'lost'");
    await eventually(async () => {
      const rows = await readRevocations(api.database.pool, { from: 0, limit: 10 });
      expect(rows.map(({ subject }) => subject)).toEqual(['earlier', 'lost']);
    });
    expect(await statusOf(api, token)).toBe(401);
  });
});

describe('all tokens of an owner, once revoked,', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await startApi({ refusalIntervalMs: 20, tokenRules: { clockToleranceS: 300 } });
  });
  afterEach(() => api.stop());
  const sign = (claims: object) => jwt.sign({ sub: 'alice', exp: now() + 600, ...claims }, SECRET);

  test('are refused when they were issued before, or do not say when, and their streams end', async () => {
    const [before, other] = [sign({ iat: now() - 10 }), sign({ sub: 'bob', iat: now() - 10 })];
    const unsaid = jwt.sign({ sub: 'alice', exp: now() + 600 }, SECRET, { noTimestamp: true });
    const stream = await followStream(api, { token: before });
    const without = await followStream(api, { token: unsaid });
    await api.revoke({ owner: 'alice' });
    await eventually(() => {
      expect([stream.received, without.received]).toMatchObject([ended, ended]);
    });
    const statuses = await Promise.all([before, unsaid, other, sign({ iat: now() + 2 })].map((token) => statusOf(api, token)));
    expect(statuses).toEqual([401, 401, 200, 200]);
  });

  test('take their tickets and browser sessions along', async () => {
    const token = jwt.sign({ sub: 'alice', scope: 'admin', exp: now() + 600, iat: now() - 10 }, SECRET);
    const headers = { authorization: `Bearer ${token}` };
    const post = (path: string) => fetch(`${api.url}${path}`, { method: 'POST', headers });
    const { ticket } = (await (await post('/api/events/stream/ticket')).json()) as { ticket: string };
    const cookie = String((await post('/api/admin/queues/session')).headers.get('set-cookie')).split(';')[0] ?? '';
    await api.revoke({ owner: 'alice' });
    expect((await fetch(`${api.url}/api/events/stream?ticket=${ticket}`)).status).toBe(401);
    expect((await fetch(`${api.url}/admin/queues`, { headers: { cookie } })).status).toBe(401);
  });

  test('stay revoked when an earlier time is named later', async () => {
    const token = sign({ iat: now() - 10 });
    await api.revoke({ owner: 'alice' });
    await api.revoke({ owner: 'alice', not_before: '2020-01-01T00:00:00Z' });
    await api.revocations.refresh();
    expect(await statusOf(api, token)).toBe(401);
  });
});

describe('a process that starts', () => {
  const start = async (options: TestApiOptions, check: (api: TestApi) => Promise<void>) => {
    // Without rounds: what it knows, it has read before it listened.
    const api = await startApi({ refusalIntervalMs: 1_000_000, ...options });
    try {
      await check(api);
    } finally {
      await api.stop();
    }
  };

  test('knows the revocations before its first request, also while Redis is away', async () => {
    const token = jwt.sign({ sub: 'alice', jti: 'lost', exp: now() + 600 }, SECRET);
    const prepare = async ({ databaseUrl }: { databaseUrl: string }) => {
      const { pool, close } = openDatabase({ url: databaseUrl });
      await writeRevocations(pool, [{ kind: 'token', subject: 'lost', notBefore: null, endsAt: null, owner: null }], 'olga');
      await close();
    };
    await start({ prepare, reachRedis: () => Promise.resolve('redis://127.0.0.1:1') }, async (api) => {
      expect(await statusOf(api, token)).toBe(401);
    });
  });

  test('has read them when it is ready, however long that takes', async () => {
    const order: string[] = [];
    const delayReads = ({ accepting: { pool } }: TestApi['databases']) => {
      const query = pool.query.bind(pool) as (statement: { name?: string }) => Promise<unknown>;
      const delayed = async (statement: { name?: string }) => {
        if (statement.name !== 'read_revocations') return query(statement);
        await setTimeout(300);
        const rows = await query(statement);
        order.push('read');
        return rows;
      };
      Object.assign(pool, { query: delayed });
    };
    await start({ beforeStart: delayReads }, () => {
      order.push('ready');
      return Promise.resolve();
    });
    expect(order[0]).toBe('read');
  });

  test('takes over the revocations that an earlier version kept in Redis, whatever ends they have there', async () => {
    const tokens = ['ends', 'ended'].map((jti) => jwt.sign({ sub: 'alice', jti, exp: now() + 600 }, SECRET));
    await start(
      {
        prepare: async ({ redis }) => {
          await redis.client.zadd(`${redis.prefix}:revoked`, now() + 600, 'ends', now() - 86_400, 'ended');
        },
      },
      async (api) => {
        expect(await Promise.all(tokens.map((token) => statusOf(api, token)))).toEqual([401, 401]);
        const rows = await readRevocations(api.database.pool, { from: 0, limit: 10 });
        expect(rows).toMatchObject([
          { subject: 'ended', endsAt: null },
          { subject: 'ends', endsAt: null },
        ]);
        expect(await api.redis.client.zrange(`${api.redis.prefix}:revoked`, '0', '-1')).toEqual(['ends']);
      },
    );
  });

  test('says that it cannot take them over while Redis is away', () =>
    start({ reachRedis: () => Promise.resolve('redis://127.0.0.1:1') }, (api) => {
      expect(api.logged()).toContain('cannot be read from Redis yet');
      return Promise.resolve();
    }));
});

describe('the end of a revocation', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({ tokenRules: { clockToleranceS: 300 } });
  });
  afterAll(() => api.stop());
  const endOf = async (target: object) => {
    const { body } = await api.as('olga', 'admin').post('/api/admin/revocations').send(target);
    return (body as { ends_at: string | null }).ends_at;
  };
  const sign = (claims: object, secret = SECRET) => jwt.sign({ sub: 'alice', ...claims }, secret);

  test('is behind every tolerance of clocks when the token is genuine', async () => {
    const exp = now() - 200;
    const token = sign({ jti: 'proved', exp });
    expect(await statusOf(api, token)).toBe(200);
    expect(await endOf({ token })).toBe(new Date((exp + 600) * 1000).toISOString());
    expect(await statusOf(api, token)).toBe(401);
  });

  let count = 0;
  test.each<[string, ((jti: string) => string) | null]>([
    ['a jti alone', null],
    ['a token that another secret signed', (jti) => sign({ jti, exp: now() + 1 }, 'another secret of at least 32 bytes.')],
    ['a token without an end', (jti) => jwt.sign({ sub: 'alice', jti }, SECRET)],
    ['a token that ends in the year 300000', (jti) => sign({ jti, exp: 1e13 })],
  ])('is not known by %s', async (_, token) => {
    const jti = `unknown-${String((count += 1))}`;
    expect(await endOf(token === null ? { jti } : { token: token(jti) })).toBeNull();
  });

  test('never comes earlier by a second revocation', async () => {
    await endOf({ jti: 'one' });
    expect(await endOf({ token: sign({ jti: 'one', exp: now() + 60 }) })).toBeNull();
    const later = await endOf({ token: sign({ jti: 'two', exp: now() + 6000 }) });
    expect(await endOf({ token: sign({ jti: 'two', exp: now() + 60 }) })).toBe(later);
  });
});
