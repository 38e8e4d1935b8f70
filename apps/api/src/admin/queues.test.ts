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
async function visit(user: string): Promise<string> {
  const { headers, body } = await api.as(user, 'admin').post('/api/admin/queues/visit');
  expect(body).toEqual({ url: PAGES, expires_in_s: expect.any(Number) });
  return String(headers['set-cookie']);
}
const cookieOf = (setCookie: string) => setCookie.split(';')[0] ?? '';

describe('the pages of the queues', () => {
  test('are shown to a browser that an operator let in, and show the queues', async () => {
    const cookie = cookieOf(await visit('olga'));
    const page = await open(cookie);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await page.text()).toContain('Tidings: queues');
    const { queues } = (await (await open(cookie, '/api/queues')).json()) as { queues: { name: string }[] };
    expect(queues.map(({ name }) => name).sort()).toEqual(['deliveries', 'events', 'tests']);
  });

  test('only show: nothing can be done to a job or a queue', async () => {
    const cookie = cookieOf(await visit('olga'));
    const answer = await open(cookie, '/api/queues/deliveries/pause', { method: 'PUT' });
    expect(answer.status).toBe(405);
  });

  test('are no scripts’, no other site’s, and no other path’s: the cookie says so', async () => {
    expect(await visit('olga')).toMatch(/; Path=\/admin\/queues; .*HttpOnly; SameSite=Strict$/);
  });

  test.each(['', 'tidings_queues=x', `tidings_queues=${'A'.repeat(43)}`])('are shown to nobody else: %s', async (cookie) => {
    for (const path of ['', '/api/queues', '/static/js/main.js']) {
      const answer = await open(cookie, path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        401,
        'application/problem+json; charset=utf-8',
      ]);
    }
  });

  test('are no longer shown to an operator who was disabled', async () => {
    const cookie = cookieOf(await visit('otto'));
    expect((await open(cookie)).status).toBe(200);
    await api.as('olga', 'admin').patch('/api/admin/owners/otto').send({ disabled: true });
    expect((await open(cookie)).status).toBe(401);
  });
});
