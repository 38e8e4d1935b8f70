import { expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog } from '@tidings/events';
import { ConfigError } from './config-error.js';
import { loadCatalog } from './load-catalog.js';

const OWN = fileURLToPath(new URL('../test/own-events.ts', import.meta.url));

function write(code: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tidings-types-')), 'events.mjs');
  writeFileSync(path, code);
  return path;
}

test('without a module, an installation has the types of a new one', async () => {
  expect(await loadCatalog(undefined)).toBe(catalog);
});

test('a module brings its types, each once, and those that Tidings itself publishes', async () => {
  const own = await loadCatalog(OWN);
  expect(own.types).toEqual(['invoice.paid', 'order.shipped']);
  expect(own.streamedTypes).toEqual(['invoice.paid', 'order.shipped', 'webhook.disabled', 'webhook.expiring']);
  expect(own.validate([{ type: 'invoice.paid', data: { org_id: 'acme', amount: 1 } }])).toMatchObject([{ owner: 'acme' }]);
});

const definition = (type: string) => `Object.assign(() => undefined, { type: '${type}', audience: 'everyone' })`;

test.each<[string, string, string]>([
  ['that is not JavaScript', 'export const', 'cannot be used: '],
  ['that throws', "throw new Error('no database')", 'no database'],
  ['that exports no type', 'export const a = 1, b = {}, c = null', 'it exports no event type'],
  [
    'that defines a reserved type',
    `export const a = ${definition('webhook.sent')}`,
    'webhook.sent: types that begin with webhook.',
  ],
  [
    'that defines a type twice',
    `export const a = ${definition('a.b')}; export const b = ${definition('a.b')}`,
    'a.b is defined twice',
  ],
])('a module %s is a mistake of the configuration', async (_, code, message) => {
  const load = loadCatalog(write(code));
  await expect(load).rejects.toThrow(ConfigError);
  await expect(load).rejects.toThrow(message);
});

test('a missing module is named', async () => {
  await expect(loadCatalog('./no-such-events.mjs')).rejects.toThrow('EVENT_TYPES ./no-such-events.mjs cannot be used: ');
});
