import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const PAGES = '/admin/queues';
const open = (cookie = '', path = '', init: RequestInit = {}) =>
  fetch(`${api.url}${PAGES}${path}`, { ...init, headers: { cookie } });
/** Starts a browser session for the operator and returns the `Set-Cookie` header. */
async function startSession(operator: string): Promise<string> {
  const { headers, body } = await api.as(operator, 'admin').post('/api/admin/queues/session');
  expect(body).toEqual({ url: PAGES, expires_in_s: expect.any(Number) });
  return String(headers['set-cookie']);
}
const cookieOf = (setCookie: string) => setCookie.split(';')[0] ?? '';

describe('the queue pages', () => {
  test('show the queues to a browser with a session of an operator', async () => {
    const cookie = cookieOf(await startSession('olga'));
    const page = await open(cookie);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await page.text()).toContain('Tidings: queues');
    const { queues } = (await (await open(cookie, '/api/queues')).json()) as { queues: { name: string }[] };
    expect(queues.map(({ name }) => name).sort()).toEqual(['deliveries', 'events', 'expansions', 'tests']);
  });

  test('are read-only: a change of a queue is refused', async () => {
    const cookie = cookieOf(await startSession('olga'));
    const response = await open(cookie, '/api/queues/deliveries/pause', { method: 'PUT' });
    expect(response.status).toBe(405);
  });

  test('set a cookie that scripts, other sites and other paths do not get', async () => {
    expect(await startSession('olga')).toMatch(/; Path=\/admin\/queues; .*HttpOnly; SameSite=Strict$/);
  });

  test.each(['', 'tidings_queues=x', `tidings_queues=${'A'.repeat(43)}`])(
    'answer 401 to a request without a valid session: %s',
    async (cookie) => {
      for (const path of ['', '/api/queues', '/static/js/main.js']) {
        const response = await open(cookie, path);
        expect([path, response.status, response.headers.get('content-type')]).toEqual([
          path,
          401,
          'application/problem+json; charset=utf-8',
        ]);
      }
    },
  );

  test('answer 401 to an operator who was disabled after the session started', async () => {
    const cookie = cookieOf(await startSession('otto'));
    expect((await open(cookie)).status).toBe(200);
    await api.as('olga', 'admin').patch('/api/admin/owners/otto').send({ disabled: true });
    expect((await open(cookie)).status).toBe(401);
  });
});
