import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPage, ROOT } from './fences.js';

/** The folders with messages: the apps, the packages and the scripts, without their tests. */
const FOLDERS = ['apps', 'packages', 'scripts'];
const IGNORED = /(^|\/)(node_modules|dist|generated|test|\.turbo)(\/|$)|\.test\.ts$/;

const source = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
)
  .filter((path) => /\.(ts|mjs)$/.test(path) && !IGNORED.test(path))
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');
const quoted = [...readPage('docs/troubleshooting.md').matchAll(/^### `(.+)`$/gm)].map(([, message]) => String(message));

test('docs/troubleshooting.md has more than 20 messages, each once', () => {
  expect(quoted.length).toBeGreaterThan(20);
  expect(new Set(quoted).size).toBe(quoted.length);
});

test.each(quoted)('%s is a message in the source', (message) => {
  expect(source.includes(message)).toBe(true);
});
