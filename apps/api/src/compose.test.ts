import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { PassThrough } from 'node:stream';
import { openDatabase, type Database } from '@tidings/database';
import { freePort } from '@tidings/local';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  eventually,
  handlesOpenedSince,
  openHandles,
  type TestDatabase,
  type TestRedis,
} from '@tidings/testing';
import { waitForBlockedQueries, withWebhooksLocked } from '../test/locks.js';
import { readTestConfig, signTestToken } from '../test/start-api.js';
import { composeApi, type Api } from './compose.js';
import type { ApiConfig } from './config.js';

let database: TestDatabase;
/** Connections of the test's own. */
let observer: Database;
let redis: TestRedis;
let handles: string[];
beforeEach(async () => {
  [database, redis] = [await createTestDatabase(), createTestRedis()];
  observer = openDatabase({ url: database.url, maxConnections: 2 });
  await Promise.all([observer.pool.query('SELECT 1'), observer.pool.query('SELECT 1')]);
  await redis.client.ping();
  handles = openHandles();
});
afterEach(async () => {
  await redis.drop();
  await observer.close();
  await database.drop();
});

const compose = (more: Partial<Pick<ApiConfig, 'port' | 'healthServer' | 'databaseUrl'>> = {}) =>
  composeApi({ ...readTestConfig({ databaseUrl: database.url, redis }), ...more }, { logStream: new PassThrough().resume() });
/** Calls the API over a connection that is not kept. */
const call = (api: Api, path: string, init: RequestInit = {}) =>
  fetch(`${api.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${signTestToken('alice')}`, connection: 'close', 'content-type': 'application/json' },
  });
const waitForNoOpenHandles = () =>
  eventually(() => {
    expect(handlesOpenedSince(handles)).toEqual([]);
  });
async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
const close = (server: Server) => new Promise((resolve) => server.close(resolve));

describe('an API', () => {
  test('answers while it runs, and leaves no open handle when it has stopped', async () => {
    const api = await compose();
    await api.start();
    const registered = await call(api, '/api/webhooks', { method: 'POST', body: '{"url":"https://example.com/"}' });
    expect(registered.status).toBe(201);
    await registered.text();
    await api.stop();
    await waitForNoOpenHandles();
  });

  test('may be stopped twice, at the same time or later', async () => {
    const api = await compose();
    await api.start();
    await Promise.all([api.stop(), api.stop()]);
    await api.stop();
    await waitForNoOpenHandles();
  });

  test('leaves no open handle when it was composed and never started', async () => {
    const api = await compose();
    await api.stop();
    await waitForNoOpenHandles();
  });

  test('answers 503 while it waits for PostgreSQL, and then starts', async () => {
    const [proxy, port] = [await createFaultProxy(database.url), await freePort()];
    await proxy.disconnect();
    const api = await compose({ databaseUrl: proxy.url, port });
    const started = api.start();
    await eventually(async () => {
      const ready = await call(api, '/readyz');
      expect([ready.status, ((await ready.json()) as { detail: string }).detail]).toEqual([
        503,
        'postgresql: PostgreSQL cannot be reached, redis: ok',
      ]);
    });
    const refused = await call(api, '/api/webhooks');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await call(api, '/healthz')).status).toBe(200);
    await proxy.restore();
    await started;
    await eventually(async () => {
      expect((await call(api, '/readyz')).status).toBe(200);
    });
    expect((await call(api, '/api/webhooks')).status).toBe(200);
    await api.stop();
    await proxy.disconnect();
  });

  test('that waits for PostgreSQL stops when it is asked to', async () => {
    const api = await compose({ databaseUrl: 'postgresql://tidings@127.0.0.1:1/tidings' });
    const started = api.start();
    await eventually(async () => {
      expect((await call(api, '/readyz')).status).toBe(503);
    });
    await api.stop();
    await started;
    await waitForNoOpenHandles();
  });

  test('cannot start where its port is taken, and stops all the same', async () => {
    const { server, port } = await listen();
    const api = await compose({ port });
    await expect(api.start()).rejects.toThrow(`Port ${String(port)} (PORT) is taken`);
    await api.stop();
    await close(server);
    await waitForNoOpenHandles();
  });
});

describe('an API that stops', () => {
  test('ends its streams, refuses new connections, answers the requests in flight, and closes PostgreSQL last', async () => {
    const healthPort = await freePort();
    const api = await compose({ healthServer: { host: '127.0.0.1', port: healthPort } });
    await api.start();
    const healthUrl = `http://127.0.0.1:${String(healthPort)}/healthz`;
    expect((await fetch(healthUrl, { headers: { connection: 'close' } })).status).toBe(200);
    const registered = await call(api, '/api/webhooks', { method: 'POST', body: '{"url":"https://example.com/"}' });
    const { id } = (await registered.json()) as { id: string };
    const stream = await call(api, '/api/events/stream');

    const { inFlight, stopped } = await withWebhooksLocked(observer, async () => {
      const changed = call(api, `/api/webhooks/${id}`, { method: 'PATCH', body: '{"description":"last"}' });
      await waitForBlockedQueries(observer, 1);
      const end = api.stop();
      // The stream ends although a request is still in flight …
      expect(await stream.text()).toContain('retry: ');
      // … while new connections are refused, and the health port is closed.
      await eventually(() => expect(call(api, '/api/webhooks')).rejects.toThrow('fetch failed'));
      await expect(fetch(healthUrl)).rejects.toThrow('fetch failed');
      return { inFlight: changed, stopped: end };
    });
    const response = await inFlight;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ description: 'last' });
    await stopped;
    await waitForNoOpenHandles();
  });
});
