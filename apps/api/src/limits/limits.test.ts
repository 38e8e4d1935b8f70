import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@tidings/testing';
import supertest from 'supertest';
import { startApi, type TestApi } from '../../test/start-api.js';

const event = { type: 'sync.completed', data: { user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 } };

/** A client whose requests come from the address `ip` through one proxy, with a token of the caller if there is one. */
const from = (api: TestApi, ip: string, caller?: string, scope?: string) => {
  const agent = supertest.agent(api.url).set('x-forwarded-for', ip);
  return caller === undefined
    ? agent
    : agent.set('authorization', `Bearer ${api.token(caller, scope === undefined ? {} : { scope })}`);
};
const statuses = async (count: number, send: (index: number) => PromiseLike<{ status: number }>) => {
  const list: number[] = [];
  for (let index = 0; index < count; index += 1) list.push((await send(index)).status);
  return list;
};

let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    limits: { perOwner: 4, perIp: 8, authFailures: 2, publish: 10, costly: 2 },
    trustedProxies: 1,
  });
});
afterAll(() => api.stop());

describe('an owner', () => {
  test('gets the remaining requests in each response, and above the limit a 429 with Retry-After', async () => {
    const ann = from(api, '192.0.2.10', 'ann');
    const first = await ann.get('/api/event-types');
    expect(first.headers['ratelimit-policy']).toBe('"owner";q=4;w=60, "ip";q=8;w=60');
    expect(first.headers['ratelimit']).toMatch(/^"owner";r=3;t=(60|59), "ip";r=7;t=(60|59)$/);
    expect(await statuses(3, () => ann.get('/api/event-types'))).toEqual([200, 200, 200]);

    const refused = await ann.get('/api/event-types');
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    expect(refused.headers['ratelimit']).toMatch(/^"owner";r=0;t=\d+/);
    expect(refused.body).toMatchObject({ status: 429, title: 'Too many requests' });
    expect(refused.body.detail).toMatch(/^At most 4 requests a minute by one owner\. Try again in \d+ s\.$/);
  });

  test('does not consume the limit of another owner', async () => {
    expect(await statuses(5, () => from(api, '192.0.2.11', 'bea').get('/api/event-types'))).toContain(429);
    expect((await from(api, '192.0.2.11', 'cleo').get('/api/event-types')).status).toBe(200);
  });

  test('has one limit for requests from all addresses', async () => {
    expect(await statuses(5, (index) => from(api, `192.0.2.${String(20 + index)}`, 'dora').get('/api/event-types'))).toEqual([
      200, 200, 200, 200, 429,
    ]);
  });
});

describe('an address', () => {
  test('has one limit for all its owners, and for requests without a token', async () => {
    const ip = '192.0.2.30';
    await from(api, ip).get('/api/event-types');
    expect(await statuses(7, (index) => from(api, ip, `owner-${String(index)}`).get('/api/event-types'))).not.toContain(429);
    const refused = await from(api, ip, 'owner-8').get('/api/event-types');
    expect(refused.status).toBe(429);
    expect(refused.body.detail).toContain('At most 8 requests a minute from one address.');
  });

  test('over its limit is refused before authentication, so that owners lose no requests', async () => {
    const ip = '192.0.2.31';
    await statuses(9, (index) => from(api, ip, `guest-${String(index)}`).get('/api/event-types'));
    expect((await from(api, ip).get('/api/event-types')).status).toBe(429);
    expect(await statuses(3, () => from(api, ip, 'late').get('/api/event-types'))).toEqual([429, 429, 429]);
    expect((await from(api, '192.0.2.33', 'late').get('/api/event-types')).headers['ratelimit']).toMatch(/^"owner";r=3;/);
  });

  test('is a /64 for IPv6', async () => {
    await statuses(9, (index) => from(api, `2001:db8:0:1::${String(index)}`, `six-${String(index)}`).get('/api/event-types'));
    expect((await from(api, '2001:db8:0:1:ffff::1', 'six').get('/api/event-types')).status).toBe(429);
    expect((await from(api, '2001:db8:0:2::1', 'six').get('/api/event-types')).status).toBe(200);
  });

  test('over its limit still gets responses from the health routes', async () => {
    const ip = '192.0.2.32';
    await statuses(9, (index) => from(api, ip, `probe-${String(index)}`).get('/api/event-types'));
    expect(await statuses(10, () => from(api, ip).get('/healthz'))).not.toContain(429);
    expect((await from(api, ip).get('/readyz')).status).toBe(200);
  });
});

describe('failed authentications', () => {
  test('above the limit of an address are a 429, and a valid token from the same address is still accepted', async () => {
    const ip = '192.0.2.40';
    const guess = () => from(api, ip).set('authorization', 'Bearer guess').get('/api/event-types');
    expect(await statuses(3, guess)).toEqual([401, 401, 429]);
    const refused = await guess();
    expect(refused.body.detail).toContain('At most 2 requests a minute from one address with tokens that are not valid.');
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await from(api, ip, 'neighbour').get('/api/event-types')).status).toBe(200);
  });

  test('are also limited at the route for publishing', async () => {
    const publish = () => from(api, '192.0.2.41').post('/api/events').send(event);
    expect(await statuses(3, publish)).toEqual([401, 401, 429]);
  });
});

describe('an address, outside /api', () => {
  test('has the same limit on every path: pages, documents and unknown ones', async () => {
    const paths = ['/openapi.json', '/nowhere', '/docs', `/${'a'.repeat(8000)}`];
    const found = await statuses(12, (index) => from(api, '192.0.2.70').get(paths[index % 4] ?? '/'));
    expect(found.slice(8)).toEqual([429, 429, 429, 429]);
    expect((await from(api, '192.0.2.70', 'gil').get('/api/webhooks')).status).toBe(429);
  });

  test('is not counted for probes', async () => {
    expect(await statuses(12, () => from(api, '192.0.2.71').get('/healthz'))).toEqual(Array.from({ length: 12 }, () => 200));
  });
});

describe('pages of the log', () => {
  test('are read by two requests of one owner at a time; twenty more wait, and further ones are refused', async () => {
    const open = await startApi({ limits: { perOwner: 0, perIp: 0, authFailures: 0, publish: 0, costly: 0, perHost: 0 } });
    const client = await open.database.pool.connect();
    try {
      await client.query('BEGIN; LOCK events IN ACCESS EXCLUSIVE MODE');
      let refused = 0;
      const all = Array.from({ length: 25 }, async () => {
        const { status } = await open.as('hal').get('/api/events');
        if (status === 429) refused += 1;
        return status;
      });
      await eventually(() => {
        expect(refused).toBe(3);
      });
      await client.query('ROLLBACK');
      expect((await Promise.all(all)).filter((status) => status !== 429)).toHaveLength(22);
    } finally {
      client.release();
      await open.stop();
    }
  });
});

describe('costly requests', () => {
  test('share a stricter limit, for every spelling of their paths', async () => {
    const eve = from(api, '192.0.2.50', 'eve');
    const id = 'wh_01a20f8c-ddcb-7479-81f6-99da680d1ca2';
    expect((await eve.post('/api/webhooks').send({ url: 'https://hooks.example.com/' })).status).toBe(201);
    expect((await eve.post(`/api/WEBHOOKS/${id}/replay/`).send({ since: '2026-01-01T00:00:00Z' })).status).toBe(404);
    expect((await eve.post(`/api/webhooks/${id}/%72otate-secret`)).status).not.toBe(429);
    const refused = await eve.post(`/api/webhooks/${id}/rotate-secret`);
    expect(refused.status).toBe(429);
    expect(refused.headers['ratelimit-policy']).toContain('"costly";q=2;w=60');
    expect(refused.body.detail).toContain(
      'At most 2 registrations, changes, tests, verifications, retries, replays and rotations a minute by one owner.',
    );
  });

  test('are also changes of a webhook, and retries', async () => {
    const fay = from(api, '192.0.2.52', 'fay');
    const id = '01a20f8c-ddcb-7479-81f6-99da680d1ca2';
    expect((await fay.patch(`/api/webhooks/wh_${id}`).send({ description: 'x' })).status).toBe(404);
    expect((await fay.post(`/api/deliveries/dlv_${id}/retry`)).status).toBe(404);
    expect((await fay.patch(`/api/webhooks/wh_${id}`).send({ description: 'x' })).status).toBe(429);
  });

  test('above their limit do not stop other requests', async () => {
    const flo = from(api, '192.0.2.51', 'flo');
    expect(await statuses(3, () => flo.post('/api/webhooks').send({}))).toEqual([400, 400, 429]);
    expect((await flo.get('/api/webhooks')).status).toBe(200);
  });
});

describe('publishing', () => {
  test('consumes only its own limit, if the caller has the scope', async () => {
    const service = from(api, '192.0.2.60', 'sync-service', 'events:publish');
    expect(await statuses(11, () => service.post('/api/events').send(event))).toEqual([...Array<number>(10).fill(202), 429]);
    expect((await service.get('/api/event-types')).status).toBe(200);
  });

  test('is possible from an address over its limit', async () => {
    const ip = '192.0.2.61';
    await statuses(9, (index) => from(api, ip, `near-${String(index)}`).get('/api/event-types'));
    expect((await from(api, ip, 'near').get('/api/event-types')).status).toBe(429);
    expect((await from(api, ip, 'other-service', 'events:publish').post('/api/events').send(event)).status).toBe(202);
  });

  test('without the scope consumes the limit of the owner', async () => {
    expect(await statuses(5, () => from(api, '192.0.2.62', 'gus').post('/api/events').send(event))).toEqual([
      403, 403, 403, 403, 429,
    ]);
  });
});
