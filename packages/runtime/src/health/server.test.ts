import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createReadiness } from './readiness.js';
import { startHealthServer, type HealthServer } from './server.js';

let server: HealthServer;
let redisAnswers = true;
let metrics: Promise<string>;
beforeEach(async () => {
  redisAnswers = true;
  metrics = Promise.resolve('events_total 1\n');
  const redis = () => (redisAnswers ? Promise.resolve('PONG') : Promise.reject(new Error('gone')));
  server = await startHealthServer({ host: '127.0.0.1', port: 0 }, createReadiness({ redis }, 0), {
    metrics: () => metrics,
    contentType: 'text/plain',
  });
});
afterEach(() => {
  server.close();
});
const get = (path: string) => fetch(`http://127.0.0.1:${String(server.port)}${path}`);

describe('the health server', () => {
  test('reports that the process is alive, whether it is ready, and its metrics', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ok', checks: { redis: 'ok' } });
    expect(await (await get('/metrics')).text()).toBe('events_total 1\n');
    expect((await get('/')).status).toBe(404);
  });

  test('keeps running when a metric cannot be read', async () => {
    metrics = Promise.reject(new Error('of prom-client'));
    expect((await get('/metrics')).status).toBe(500);
    expect((await get('/healthz')).status).toBe(200);
  });

  test('is not ready while a dependency does not answer', async () => {
    redisAnswers = false;
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'unavailable', checks: { redis: 'unreachable' } });
  });
});
