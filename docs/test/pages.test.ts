import { describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fencesIn, pages, readPage, ROOT } from './fences.js';

describe('a code block of a file', () => {
  const blocks = pages().flatMap((page) => fencesIn(page).filter(({ info }) => info.startsWith('file=')));

  test.each(blocks)('$page, line $line, equals $info', ({ info, code }) => {
    expect(code).toBe(readFileSync(join(ROOT, info.slice('file='.length)), 'utf8'));
  });

  test('exists for every file of docs/examples', () => {
    const files = readdirSync(join(ROOT, 'docs/examples')).map((file) => `file=docs/examples/${file}`);
    expect([...new Set(blocks.map(({ info }) => info))].sort()).toEqual(files.sort());
  });
});

/** The anchor that GitHub and VitePress give a heading. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll('`', '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .trim()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
const withoutCode = (text: string) => text.replaceAll(/^```[^]*?^```$/gm, '');
const anchorsIn = (page: string) =>
  [...withoutCode(readPage(page)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

test.each([...pages(), 'CONTRIBUTING.md', 'SECURITY.md'])(
  'every link of %s is to an existing file, and to an existing heading',
  (page) => {
    const links = [...withoutCode(readPage(page)).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [link, path = '', anchor] of links) {
      const target = path === '' ? page : normalize(path.startsWith('/') ? path.slice(1) : join(dirname(page), path));
      expect([link, existsSync(join(ROOT, target))]).toEqual([link, true]);
      if (anchor !== undefined) expect([link, anchorsIn(target)]).toEqual([link, expect.arrayContaining([anchor])]);
    }
  },
);

const FOLDERS = ['apps', 'packages', 'e2e', 'bench', 'chaos', 'scripts', 'deploy', 'prisma', 'docs', '.github'];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
).filter((path) => !path.includes('node_modules') && !path.includes('/dist/'));
const decisions = readdirSync(join(ROOT, 'docs/decisions')).map((file) => `docs/decisions/${file}`);

test('the index of decisions has every decision', () => {
  const index = readPage('docs/decisions/README.md');
  expect(decisions.filter((path) => !index.includes(`(${path.replace('docs/decisions/', '')})`))).toEqual([
    'docs/decisions/README.md',
  ]);
});

/** Files that a recipe of CONTRIBUTING asks the reader to make. */
const TO_BE_MADE = ['packages/events/src/catalog/playlist.ts'];

test.each([...pages(), ...decisions, 'CONTRIBUTING.md', 'SECURITY.md'])('every source file that %s names exists', (page) => {
  const named = [...withoutCode(readPage(page)).matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|tsx|mjs|sql|yml|yaml))`/g)].map(
    ([, path = '']) => path,
  );
  const missing = named.filter(
    (path) => !TO_BE_MADE.includes(path) && !files.some((file) => file === path || file.endsWith(`/${path}`)),
  );
  expect(missing).toEqual([]);
});
