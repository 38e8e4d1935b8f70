import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { startApi, type TestApi } from '../../test/start-api.js';
import { readDashboard } from './files.js';

const SCRIPT = 'console.log("Tidings");';
const PAGE = '<!doctype html><meta content="TIDINGS_NONCE"><title>Tidings</title>';

let folder: string;
let api: TestApi;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings dashboard-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'icon.svg'), '<svg/>');
  await writeFile(join(folder, 'assets/index-1a2b.js'), SCRIPT);
  await writeFile(join(folder, 'assets/index-1a2b.js.gz'), gzipSync(SCRIPT));
  await writeFile(join(folder, 'notes.txt'), 'not a file of the dashboard');
  api = await startApi({ dashboardFolder: folder });
});
afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${api.url}${path}`, { headers });

describe('the page of the dashboard', () => {
  test.each(['/', '/webhooks/wh_1/settings', '/stream', '/operator/owners?x=1', '/deliveries/dlv_1'])(
    'is served at the addresses of its routes, without a token: %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      const body = await response.text();
      expect(body).toContain('<title>Tidings</title>');
    },
  );

  test('allows only its own scripts, and styles with a nonce that is new for each response', async () => {
    const nonces = await Promise.all(
      ['/', '/'].map(async (path) => {
        const response = await get(path);
        const policy = response.headers.get('content-security-policy') ?? '';
        const nonce = /'nonce-([A-Za-z0-9+/=]+)'/.exec(policy)?.[1];
        expect(policy).toBe(
          `default-src 'none';script-src 'self';style-src 'self' 'nonce-${String(nonce)}';img-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'`,
        );
        expect(await response.text()).toContain(`content="${String(nonce)}"`);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(2);
  });
});

describe('a file of the dashboard', () => {
  test('is immutable for caches if its name contains a hash of its content', async () => {
    const response = await get('/assets/index-1a2b.js', { 'accept-encoding': 'identity' });
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe(SCRIPT);
    expect((await get('/icon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  test('is sent with gzip to clients that accept gzip', async () => {
    const response = await get('/assets/index-1a2b.js', { 'accept-encoding': 'br;q=1, gzip;q=0.5' });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('vary')).toBe('accept-encoding');
    expect(await response.text()).toBe(SCRIPT);
  });

  test.each([
    '/assets/index-0000.js',
    '/notes.txt',
    '/index.html',
    '/assets/../notes.txt',
    '/assets/%2e%2e/notes.txt',
    '/assets',
  ])('that does not exist is a 404 with a problem document: %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });
});

describe('an API with a dashboard', () => {
  test.each<[string, string, number]>([
    ['GET', '/api/nothing', 401],
    ['GET', '/nothing', 404],
    ['POST', '/', 404],
    ['DELETE', '/webhooks/wh_1', 404],
  ])('answers a request outside of the dashboard with a problem document: %s %s', async (method, path, status) => {
    const response = await fetch(`${api.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  test('serves the routes of the API unchanged', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await api.as('alice').get('/api/webhooks')).body).toEqual({ data: [], next_cursor: null });
    expect((await api.as('alice').get('/api/nothing')).status).toBe(404);
  });
});

test('an API whose dashboard was not built answers its addresses with a 404 that says so', async () => {
  expect(await readDashboard(join(folder, 'nowhere'))).toBeNull();
  const without = await startApi({ dashboardFolder: join(folder, 'nowhere') });
  const response = await fetch(`${without.url}/`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    title: 'There is no dashboard here',
    detail: expect.stringContaining('npm run build'),
  });
  await without.stop();
});
