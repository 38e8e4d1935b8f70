import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api.url}${path}`, { headers });
const asAlice = () => ({ authorization: `Bearer ${api.token('alice')}` });

describe('a response', () => {
  test.each(['/healthz', '/api/webhooks', '/api/nothing', '/nothing', '/api/webhooks/%E0%A4%A'])(
    'may not run, load or be framed, and its type is not guessed: %s',
    async (path) => {
      const { headers } = await get(path, asAlice());
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
      });
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
    },
  );

  test.each(['/api/webhooks', '/api/nothing', '/api/events'])('of the API is not stored by caches: %s', async (path) => {
    expect((await get(path, asAlice())).headers.get('cache-control')).toBe('no-store');
    expect((await get(path)).headers.get('cache-control')).toBe('no-store');
  });

  test('of an event type is asked for again each time, and stored by no cache that others share', async () => {
    expect((await get('/api/event-types', asAlice())).headers.get('cache-control')).toBe('private, no-cache');
    expect((await get('/api/event-types')).headers.get('cache-control')).toBe('no-store');
  });

  test('with a secret is not stored by caches', async () => {
    const created = await api.as('alice').post('/api/webhooks').send({ url: 'https://hooks.example.com/' });
    expect(created.body.secret).toMatch(/^whsec_/);
    expect(created.headers['cache-control']).toBe('no-store');
  });

  test('that is a stream has its own Cache-Control', async () => {
    const controller = new AbortController();
    const { headers } = await fetch(`${api.url}/api/events/stream`, { headers: asAlice(), signal: controller.signal });
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    controller.abort();
  });
});
