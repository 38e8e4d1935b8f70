import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { eventually } from '@tidings/testing';
import { followStream } from '../../test/follow-stream.js';
import { startApi, type TestApi } from '../../test/start-api.js';
import { createTickets } from './tickets.js';

let api: TestApi;
let redis: Redis;
beforeAll(async () => {
  api = await startApi();
  redis = new Redis(api.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await api.stop();
});

const issue = async (owner: string, claims: object = {}) => {
  const response = await fetch(`${api.url}/api/events/stream/ticket`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.token(owner, claims)}` },
  });
  const { ticket } = (await response.json()) as { ticket: string };
  return ticket;
};

const open = async (ticket: string, headers: Record<string, string> = {}) => {
  const { response, ...stream } = await followStream(api, { query: `ticket=${ticket}`, headers });
  return { ...stream, status: response.status };
};
const publishFor = (owner: string) =>
  api
    .as('service', 'events:publish')
    .post('/api/events')
    .send({ type: 'sync.failed', data: { user_id: owner, error_message: `of ${owner}` } });

describe('a ticket', () => {
  test('opens the stream of the caller that it was issued to', async () => {
    const stream = await open(await issue('alice'));
    expect(stream.status).toBe(200);
    await publishFor('bob');
    await publishFor('alice');
    await eventually(() => {
      expect(stream.received.text).toContain('of alice');
    });
    expect(stream.received.text).not.toContain('of bob');
    stream.close();
  });

  test('opens only one stream, also in parallel requests', async () => {
    const ticket = await issue('alice');
    const streams = await Promise.all(Array.from({ length: 10 }, () => open(ticket)));
    expect(streams.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(401)]);
    for (const { close } of streams) close();
  });

  test('is refused by other routes, and together with a token', async () => {
    const ticket = await issue('alice');
    for (const path of ['/api/webhooks', '/api/events', '/api/events/stream/ticket']) {
      expect((await fetch(`${api.url}${path}?ticket=${ticket}`)).status).toBe(401);
    }
    const both = await open(ticket, { authorization: `Bearer ${api.token('bob')}` });
    expect(both.status).toBe(401);
  });

  test.each(['', 'x', 'A'.repeat(43), '..%2F..%2F', '%00'])(
    'that is not valid, such as "%s", gets the same 401 as every invalid token',
    async (ticket) => {
      const { status, received } = await open(ticket);
      expect(status).toBe(401);
      await eventually(() => {
        expect(received.text).toContain('"title":"Not authenticated"');
      });
    },
  );

  test.each([
    '{',
    'null',
    '{}',
    JSON.stringify({ owner: 'alice\0', scopes: [], expiresAt: 1e15 }),
    JSON.stringify({ owner: ['alice'], scopes: [], expiresAt: 1e15 }),
    JSON.stringify({ owner: 'alice', scopes: 'admin', expiresAt: 1e15 }),
  ])('whose content in Redis is not a caller, such as %j, gets the same 401', async (content) => {
    const ticket = await issue('erin');
    const key = `${api.redis.prefix}:ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
    expect(await redis.set(key, content, 'XX')).toBe('OK');
    expect((await open(ticket)).status).toBe(401);
  });

  test('is stored in Redis as a digest for 60 seconds, and is never logged', async () => {
    const ticket = await issue('carol');
    const keys = await redis.keys(`${api.redis.prefix}:ticket:*`);
    expect(keys.join()).not.toContain(ticket);
    for (const key of keys) expect(await redis.ttl(key)).toBeLessThanOrEqual(60);
    (await open(ticket)).close();
    await eventually(() => {
      expect(api.logged()).toContain('GET /api/events/stream 200');
    });
    expect(api.logged()).not.toContain(ticket);
  });
});

describe('while Redis is not available', () => {
  test('tickets get a 503', async () => {
    const unavailable = new Redis(api.redis.url, { lazyConnect: true, enableOfflineQueue: false });
    const tickets = createTickets({ redis: unavailable, prefix: api.redis.prefix });
    const caller = { owner: 'alice', scopes: new Set<string>(), expiresAt: 0, tokenId: undefined, issuedAt: undefined };
    await expect(tickets.issue(caller)).rejects.toMatchObject({ status: 503 });
    await expect(tickets.redeem('A'.repeat(43))).rejects.toMatchObject({ status: 503 });
    unavailable.disconnect();
  });
});

describe('a stream whose token is revoked', () => {
  test('ends with the reason, and its unused tickets open no stream', async () => {
    const [used, unused] = [await issue('dora', { jti: 'lost' }), await issue('dora', { jti: 'lost' })];
    const [stream, other] = [await open(used), await open(await issue('dora', { jti: 'kept' }))];
    await api.revoke({ jti: 'lost' });
    await eventually(() => {
      expect(stream.received).toMatchObject({
        ended: true,
        text: expect.stringContaining('event: stream.end\ndata: {"reason":"token_revoked"}'),
      });
    });
    expect(other.received.ended).toBe(false);
    other.close();
    expect((await open(unused)).status).toBe(401);
  });
});
