import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi, type TestApi } from '../../test/start-api.js';
import { parseBasePath } from './base-path.js';

describe('BASE_PATH', () => {
  test.each([
    ['', ''],
    ['/', ''],
    ['/tidings', '/tidings'],
    ['/tidings/', '/tidings'],
    [' /a/b-c_1.2 ', '/a/b-c_1.2'],
    ['/tidings/api', '/tidings/api'],
  ])('"%s" is "%s"', (text, path) => {
    expect(parseBasePath(text)).toBe(path);
  });

  test.each(['tidings', 'https://example.com/tidings', '//', '/a//b', '/../x', '/a/./b', '/a b', '/ä', '/a?b', '/a"><script>'])(
    'refuses %s',
    (text) => {
      expect(() => parseBasePath(text)).toThrow('write it as /tidings');
    },
  );

  test.each(['/api', '/docs/', '/webhooks/x', '/healthz'])('refuses %s, a path of the API', (text) => {
    expect(() => parseBasePath(text)).toThrow('is a path of the API');
  });
});

describe('an API with BASE_PATH=/tidings', () => {
  let folder: string;
  let api: TestApi;
  let origin: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidings base-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(
      join(folder, 'index.html'),
      '<meta name="tidings-base" content="TIDINGS_BASE"><link href="./icon.svg"><script src="./assets/index-1.js"></script>',
    );
    await writeFile(join(folder, 'icon.svg'), '<svg/>');
    await writeFile(join(folder, 'assets/index-1.js'), '1');
    api = await startApi({ env: { BASE_PATH: '/tidings' }, dashboardFolder: folder });
    ({ origin } = new URL(api.url));
  });
  afterAll(async () => {
    await api.stop();
    await rm(folder, { recursive: true });
  });
  const authorization = () => ({ authorization: `Bearer ${api.token('alice', { scope: 'events:publish admin' })}` });
  const get = (url: string) => fetch(url, { headers: authorization() });

  test('says so in its own URL', () => {
    expect(api.url).toBe(`${origin}/tidings`);
  });

  test.each([
    '/api/webhooks',
    '/api/webhooks?limit=1',
    '/healthz',
    '/readyz',
    '/openapi.json',
    '/asyncapi.json',
    '/docs',
    '/',
    '',
  ])('answers below it, and without it for a proxy that strips it: "%s"', async (path) => {
    expect([(await get(`${origin}/tidings${path}`)).status, (await get(origin + path)).status]).toEqual([200, 200]);
  });

  test.each(['/tidingsx/api/webhooks', '/tidings/tidings/api/webhooks', '/TIDINGS/api/webhooks', '/tidings/api/nothing'])(
    'has nothing at %s',
    async (path) => {
      expect((await get(origin + path)).status).toBe(404);
    },
  );

  test('begins the Location of a new webhook with it', async () => {
    const registered = await fetch(`${api.url}/api/webhooks`, {
      method: 'POST',
      headers: { ...authorization(), 'content-type': 'application/json' },
      body: '{"url":"https://example.com/"}',
    });
    const location = registered.headers.get('location') ?? '';
    expect(location).toMatch(/^\/tidings\/api\/webhooks\/wh_/);
    expect((await get(origin + location)).status).toBe(200);
  });

  test('names it in the OpenAPI and AsyncAPI documents', async () => {
    const [openapi, asyncapi] = await Promise.all(
      ['openapi', 'asyncapi'].map(async (name) => (await (await get(`${api.url}/${name}.json`)).json()) as never),
    );
    expect(openapi).toMatchObject({ servers: [{ url: '/tidings' }] });
    expect(asyncapi).toMatchObject({ servers: { api: { pathname: '/tidings' } } });
  });

  test.each(['/docs', '/', '/webhooks/wh_1/settings'])('links to files below it from the page %s', async (page) => {
    const html = await (await get(api.url + page)).text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, path]) => String(path))
      .filter((path) => path !== 'data:,');
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      expect(link).toMatch(/^\/tidings\//);
      const file = await get(origin + link);
      expect([link, file.status]).toEqual([link, 200]);
      if (link.endsWith('reference.js')) expect(await file.text()).toContain("url: '/tidings/openapi.json'");
    }
    if (page !== '/docs') expect(html).toContain('name="tidings-base" content="/tidings"');
  });

  test('opens the queue pages below it, with a cookie for them only', async () => {
    const session = await fetch(`${api.url}/api/admin/queues/session`, { method: 'POST', headers: authorization() });
    const { url } = (await session.json()) as { url: string };
    expect(url).toBe('/tidings/admin/queues');
    const cookie = session.headers.get('set-cookie') ?? '';
    expect(cookie).toContain('Path=/tidings/admin/queues;');
    const page = await fetch(origin + url, { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<base href="/tidings/admin/queues/"');
  });

  test('accepts tickets for the stream below it', async () => {
    const issued = await fetch(`${api.url}/api/events/stream/ticket`, { method: 'POST', headers: authorization() });
    const { ticket } = (await issued.json()) as { ticket: string };
    const stream = await fetch(`${api.url}/api/events/stream?ticket=${ticket}`);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });
});
