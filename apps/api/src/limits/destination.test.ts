import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFaultProxy, createTestRedis, eventually, type FaultProxy, type TestRedis } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';
import { endPending } from '../../test/stored-deliveries.js';

const LIMIT = 3;
const event = { type: 'extraction.started', data: { version: '1', entity_types: [] } };

let redis: TestRedis;
let proxy: FaultProxy;
let api: TestApi;
beforeAll(async () => {
  redis = createTestRedis();
  proxy = await createFaultProxy(redis.url);
  api = await startApi({ limits: { perHost: LIMIT }, limitsRedisUrl: proxy.url });
});
afterAll(async () => {
  await api.stop();
  await proxy.disconnect();
  await redis.drop();
});

/** Registers a webhook, and returns its id. */
const register = async (owner: string, url: string): Promise<string> => {
  const { status, body } = await api.as(owner).post('/api/webhooks').send({ url });
  expect(status).toBe(201);
  return String(body.id);
};
const publish = () => api.as('service', 'events:publish').post('/api/events').send(event);
const failedDelivery = async (webhookId: string): Promise<string> => {
  await publish();
  await endPending(api.database, 'failed', 1);
  return (await api.database.prisma.delivery.findFirstOrThrow({ where: { webhookId }, orderBy: { id: 'desc' } })).id;
};
const sendTest = async (owner: string, id: string) => (await api.as(owner).post(`/api/webhooks/${id}/test`)).status;
const since = new Date(Date.now() - 3_600_000).toISOString();

describe('requests that are aimed at one host', () => {
  test('share a limit: tests, retries, replays and changes of a URL to it; a dry run of a replay is free', async () => {
    const id = await register('ann', 'https://mixed.example.com/');
    const other = await register('ann', 'https://elsewhere.example.com/');
    const delivery = await failedDelivery(id);
    const replay = (dryRun: boolean) =>
      api
        .as('ann')
        .post(`/api/webhooks/${id}/replay`)
        .send({ since, status: ['cancelled'], dry_run: dryRun });
    expect(await sendTest('ann', id)).toBe(200);
    expect((await api.as('ann').post(`/api/deliveries/${delivery}/retry`)).status).toBe(202);
    expect((await replay(false)).status).toBe(200);

    expect((await api.as('ann').post(`/api/deliveries/${delivery}/retry`)).status).toBe(429);
    expect((await replay(false)).status).toBe(429);
    expect((await replay(true)).status).toBe(200);
    const move = api.as('ann').patch(`/api/webhooks/${other}`).send({ url: 'https://mixed.example.com/moved' });
    expect((await move).status).toBe(429);
    expect((await api.as('ann').get(`/api/webhooks/${other}`)).body.url).toBe('https://elsewhere.example.com/');
    const rename = api.as('ann').patch(`/api/webhooks/${id}`).send({ url: 'https://mixed.example.com/', description: 'same' });
    expect((await rename).status).toBe(200);
  });

  test('are refused beyond it with a problem that says what to do, and nothing is sent', async () => {
    const id = await register('bea', 'https://refused.example.com/');
    for (let count = 0; count < LIMIT; count += 1) await sendTest('bea', id);
    const { status, headers, body } = await api.as('bea').post(`/api/webhooks/${id}/test`);
    expect(status).toBe(429);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    expect(headers['ratelimit-policy']).toBe(`"host";q=${String(LIMIT)};w=60`);
    expect(headers['ratelimit']).toMatch(/^"host";r=0;t=\d+$/);
    expect(body.detail).toMatch(
      /^At most 3 tests, verifications, retries, replays and changes of webhooks a minute to one host, by all owners together\. Try again in \d+ s\.$/,
    );

    const delivery = await failedDelivery(id);
    expect((await api.as('bea').post(`/api/deliveries/${delivery}/retry`)).status).toBe(429);
    expect((await api.as('bea').get(`/api/deliveries/${delivery}`)).body).toMatchObject({ status: 'failed' });
  });

  test('count for it from all owners, ports, paths, schemes and spellings', async () => {
    const spellings = ['https://victim.example.com/a', 'http://VICTIM.example.com:8080/b', 'https://victim.example.com./c'];
    for (const [index, url] of spellings.entries()) {
      const owner = `crowd-${String(index)}`;
      expect(await sendTest(owner, await register(owner, url))).toBe(200);
    }
    const late = await register('crowd-late', 'https://Victim.Example.com:9443/d?e');
    expect(await sendTest('crowd-late', late)).toBe(429);
    expect(await sendTest('crowd-late', await register('crowd-late', 'https://not-victim.example.com/'))).toBe(200);
  });

  test('each change of a URL counts, also at the same host, and so does enabling: both end waits', async () => {
    const path = `/api/webhooks/${await register('flo', 'https://flo.example.com/')}`;
    const change = async (body: object) => (await api.as('flo').patch(path).send(body)).status;
    expect(await change({ url: 'https://flo.example.com/?1' })).toBe(200);
    expect(await change({ enabled: true })).toBe(200);
    for (let count = 0; count < LIMIT; count += 1) expect(await change({ enabled: false, description: 'mine' })).toBe(200);
    expect(await change({ url: 'https://flo.example.com/?2' })).toBe(200);
    expect(await change({ url: 'https://flo.example.com/?3' })).toBe(429);
    expect(await change({ enabled: true })).toBe(429);
    expect((await api.as('flo').get(path)).body).toMatchObject({ url: 'https://flo.example.com/?2', enabled: false });
  });

  test('a refused request to a webhook that is not the caller’s own, or to none, consumes nothing', async () => {
    const id = await register('dan', 'https://dan.example.com/');
    for (let count = 0; count < 2 * LIMIT; count += 1) expect(await sendTest('eve', id)).toBe(404);
    await api.as('dan').patch(`/api/webhooks/${id}`).send({ enabled: false });
    for (let count = 0; count < 2 * LIMIT; count += 1) {
      expect((await api.as('dan').post(`/api/webhooks/${id}/replay`).send({ since })).status).toBe(409);
    }
    expect(await sendTest('dan', id)).toBe(200);
  });
});

test('published events are not capped by host', async () => {
  const id = await register('zoe', 'https://hooks.zapier.example/');
  for (let count = 0; count <= LIMIT; count += 1) await sendTest('zoe', id);
  expect(await sendTest('zoe', id)).toBe(429);
  for (let count = 0; count < 5 * LIMIT; count += 1) expect((await publish()).status).toBe(202);
  const pending = await api.database.prisma.pendingDelivery.findMany({ where: { webhookId: id } });
  expect(pending).toHaveLength(5 * LIMIT);
});

test('while Redis is away the limit holds in each process', async () => {
  const id = await register('kim', 'https://away.example.com/');
  await proxy.disconnect();
  await eventually(async () => {
    expect(await sendTest('kim', id)).toBe(429);
  });
  await proxy.restore();
});
