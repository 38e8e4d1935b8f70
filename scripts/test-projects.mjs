// Which suite belongs to which Jest project. It follows from what the suite uses, so no list has to be maintained:
//   e2e       whole-system tests: everything in e2e/, and suites that start processes, which need the build
//   database  suites that use the PostgreSQL or Redis that `npm test` starts
//   unit      all others: no server, no build
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['apps', 'packages', 'e2e', 'bench', 'chaos', 'docs'];
const IGNORED = new Set(['node_modules', 'dist', 'generated', '.turbo', '.vitepress']);
const WHOLE_SYSTEM = ['e2e/', 'packages/local/'];
const RELATIVE_IMPORT = /from '(\.{1,2}\/[^']+)\.js'/g;
/** Imports and names that show, in a suite or in a module that it imports by a relative path, which servers it uses. */
const USES_PROCESSES = /from '(@tidings\/local|node:child_process)'/;
const USES_SERVERS = /\b(createTestDatabase|createTestRedis|serviceUrl)\b/;

export const PROJECTS = ['unit', 'database', 'e2e'];

/** The suites of each project, as absolute paths. Those named `*.ci.test.ts` are slow and rarely fail: only CI runs them. */
export function testFiles({ ci = Boolean(process.env.CI) } = {}) {
  const files = Object.fromEntries(PROJECTS.map((name) => [name, []]));
  for (const file of FOLDERS.flatMap((folder) => suitesBelow(join(ROOT, folder)))) {
    if (ci || !file.endsWith('.ci.test.ts')) files[projectOf(file)].push(file);
  }
  return files;
}

function projectOf(file) {
  const sources = [...withImports(file)].map((path) => readFileSync(path, 'utf8'));
  if (WHOLE_SYSTEM.some((folder) => file.startsWith(join(ROOT, folder))) || sources.some((source) => USES_PROCESSES.test(source)))
    return 'e2e';
  return sources.some((source) => USES_SERVERS.test(source)) ? 'database' : 'unit';
}

/** The file, and the modules that it reaches by relative imports. */
function withImports(file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return seen;
  seen.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(RELATIVE_IMPORT)) {
    withImports(join(dirname(file), `${path}.ts`), seen);
  }
  return seen;
}

function suitesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return IGNORED.has(entry.name) ? [] : suitesBelow(join(folder, entry.name));
    return entry.name.endsWith('.test.ts') ? [join(folder, entry.name)] : [];
  });
}
