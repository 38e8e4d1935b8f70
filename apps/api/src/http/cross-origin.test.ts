import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { startApi, type TestApi } from '../../test/start-api.js';
import { parseOrigins } from './cross-origin.js';

const APP = 'https://app.example.com';

describe('CORS_ORIGINS', () => {
  test('is a list of exact origins', () => {
    expect(parseOrigins('')).toEqual([]);
    expect(parseOrigins(`${APP}, http://localhost:5173`)).toEqual([APP, 'http://localhost:5173']);
  });

  test.each([
    '*',
    'null',
    'app.example.com',
    `${APP}/`,
    `${APP}/page`,
    `${APP}:443`,
    'https://*.example.com',
    'file:///x',
    'HTTPS://APP.EXAMPLE.COM',
  ])('refuses %s', (text) => {
    expect(() => parseOrigins(`${APP},${text}`)).toThrow(`"${text}" is not an origin`);
  });
});

describe('a page that calls the API, with one origin configured', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({ corsOrigins: [APP], limits: { perOwner: 3 } });
  });
  afterAll(() => api.stop());
  const preflight = (origin: string, path = '/api/webhooks') =>
    supertest(api.url)
      .options(path)
      .set({ origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization,content-type' });

  test.each(['/api/webhooks', '/api/events/stream'])(
    'may send a preflight without a token, from that origin: %s',
    async (path) => {
      const { status, headers } = await preflight(APP, path);
      expect(status).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': APP,
        'access-control-allow-methods': 'GET,HEAD,POST,PATCH,DELETE',
        'access-control-allow-headers':
          'Authorization,Cache-Control,Content-Type,Idempotency-Key,Last-Event-ID,Traceparent,Tracestate,X-Request-Id',
        'access-control-max-age': '600',
        vary: expect.stringContaining('Origin'),
      });
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    },
  );

  test('may read responses, also errors, and the exposed headers, from that origin', async () => {
    const bob = api.as('bob');
    for (const expected of [200, 200, 200, 429]) {
      const { status, headers } = await bob.get('/api/webhooks').set('origin', APP);
      expect(status).toBe(expected);
      expect(headers['access-control-allow-origin']).toBe(APP);
      expect(headers['access-control-expose-headers']).toBe('Location,RateLimit,RateLimit-Policy,Retry-After,X-Request-Id');
      expect(headers['vary']).toContain('Origin');
    }
    const { status, headers } = await supertest(api.url).get('/api/webhooks').set('origin', APP);
    expect([status, headers['access-control-allow-origin']]).toEqual([401, APP]);
  });

  test('may open the stream, from that origin', async () => {
    const controller = new AbortController();
    const stream = await fetch(`${api.url}/api/events/stream`, {
      headers: { origin: APP, authorization: `Bearer ${api.token('ann')}` },
      signal: controller.signal,
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe(APP);
    expect(stream.headers.get('vary')).toContain('Origin');
    controller.abort();
  });

  test.each([
    'null',
    'https://evil.example',
    `${APP}.evil.example`,
    'http://app.example.com',
    `${APP}:8443`,
    'https://APP.example.com',
  ])('gets no CORS headers when the origin is %s', async (origin) => {
    for (const request of [preflight(origin), api.as(origin).get('/api/webhooks').set('origin', origin)]) {
      const { headers } = await request;
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers['vary']).toContain('Origin');
    }
  });
});

test('without the setting, pages of other origins get no CORS headers', async () => {
  const api = await startApi();
  const { status, headers } = await supertest(api.url)
    .options('/api/webhooks')
    .set({ origin: APP, 'access-control-request-method': 'GET' });
  expect(status).toBe(401);
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  await api.stop();
});
