import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { eventually } from '@tidings/testing';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const PROBLEM = 'application/problem+json; charset=utf-8';

describe('every request', () => {
  test('gets a new request id, or keeps the one it sent when that is plain text', async () => {
    const { headers } = await api.as('alice').get('/api/webhooks');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    const echoed = await api.as('alice').get('/api/webhooks').set('x-request-id', 'abc-1');
    expect(echoed.headers['x-request-id']).toBe('abc-1');
    const replaced = await api.as('alice').get('/api/webhooks').set('x-request-id', 'a b"c');
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gets the headers of helmet, and no header that names the framework', async () => {
    const { headers } = await supertest(api.url).get('/healthz');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-powered-by']).toBeUndefined();
  });

  test('is logged in one line, without its query string and without its token', async () => {
    const token = api.token('alice');
    await supertest(api.url).get('/api/events?cursor=whsec_hidden').set('authorization', `Bearer ${token}`);
    await eventually(() => {
      expect(api.logged()).toContain('"path":"/api/events"');
    });
    expect(api.logged()).not.toContain('whsec_hidden');
    expect(api.logged()).not.toContain(token);
  });
});

describe('a request without a valid token', () => {
  test.each<[string, string | undefined]>([
    ['no header', undefined],
    ['another scheme', 'Basic YWxpY2U6cHc='],
    ['a malformed token', 'Bearer nonsense'],
  ])('is answered with the same 401: %s', async (_name, header) => {
    const request = supertest(api.url).get('/api/webhooks');
    const { status, body, headers } = await (header === undefined ? request : request.set('authorization', header));
    expect(status).toBe(401);
    expect(headers).toMatchObject({ 'www-authenticate': 'Bearer', 'content-type': PROBLEM });
    expect(body).toMatchObject({ title: 'Not authenticated', detail: 'Send a valid token: "Authorization: Bearer <token>".' });
  });

  test('is refused before its body is read', async () => {
    const { status } = await supertest(api.url)
      .post('/api/webhooks')
      .send({ url: 'x'.repeat(2_000_000) });
    expect(status).toBe(401);
  });
});

describe('a body', () => {
  const post = (type: string, body: string) => api.as('alice').post('/api/webhooks').set('content-type', type).send(body);

  test.each<[string, number, string, string]>([
    ['that is not JSON', 400, 'application/json', '{"url":'],
    ['with a content type other than JSON', 415, 'text/plain', 'url'],
    ['in an unknown character set', 415, 'application/json; charset=klingon', '{}'],
    ['over 32 KB', 413, 'application/json', JSON.stringify({ url: 'x'.repeat(33_000) })],
    ['that is a bare value', 400, 'application/json', '7'],
  ])('%s gets a %i with a problem document', async (_name, status, type, body) => {
    const response = await post(type, body);
    expect(response.status).toBe(status);
    expect(response.headers['content-type']).toBe(PROBLEM);
    expect(response.body).toMatchObject({ status, type: 'about:blank', request_id: response.headers['x-request-id'] });
  });

  test('that is missing gets a 415', async () => {
    expect((await api.as('alice').post('/api/webhooks')).status).toBe(415);
  });
});

describe('a route that does not exist', () => {
  test.each(['/', '/api/nothing', '/api/webhooks/a/b/c'])('gets a 404 with a problem document: %s', async (path) => {
    const { status, headers, body } = await api.as('alice').get(path);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe(PROBLEM);
    expect(body).toMatchObject({ detail: `There is no route "GET ${path}".` });
  });

  test('gets a 400 when its path has an invalid percent encoding', async () => {
    expect((await api.as('alice').get('/api/webhooks/%E0%A4%A')).status).toBe(400);
  });
});

describe('the health routes', () => {
  test('answer without a token: alive, and ready with PostgreSQL and Redis', async () => {
    expect((await supertest(api.url).get('/healthz')).body).toEqual({ status: 'ok' });
    expect((await supertest(api.url).get('/readyz')).body).toEqual({ status: 'ok', checks: { postgresql: 'ok', redis: 'ok' } });
  });
});
