import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../test/start-api.js';

let api: TestApi;
let html: string;
let files: string[];
beforeAll(async () => {
  api = await startApi();
  html = await (await fetch(`${api.url}/docs`)).text();
  files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path)).filter((path) => path !== 'data:,');
});
afterAll(() => api.stop());

test('the page links to both documents and loads all its files from this server', async () => {
  expect(files).toEqual(expect.arrayContaining(['/openapi.json', '/asyncapi.json']));
  expect(files).toHaveLength(6);
  for (const path of files) {
    expect(path).toMatch(/^\/[^/]/);
    expect([path, (await fetch(api.url + path)).status]).toEqual([path, 200]);
  }
});

test('its policy allows scripts and styles of this server only, and nothing inline', async () => {
  const { headers } = await fetch(`${api.url}/docs`);
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  expect(html).not.toMatch(/<script>|<style|style=|onload=/);
});

test('its files are cached by browsers, and compressed for clients that accept gzip', async () => {
  for (const path of files.filter((file) => file.startsWith('/docs/'))) {
    const compressed = await fetch(api.url + path);
    expect(compressed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(compressed.headers.get('content-type')).toMatch(path.endsWith('.js') ? /^text\/javascript/ : /^text\/css/);
    const plain = await fetch(api.url + path, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe(await compressed.text());
  }
});
