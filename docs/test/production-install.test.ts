import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fences.js';

interface Package {
  dependencies?: Record<string, string>;
  link?: boolean;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
}
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Package> };

/** The workspaces that run on a server: docs/bare-server.md. */
const DEPLOYED = ['apps/api', 'apps/worker', 'packages/cli', 'packages/database'];

/** Returns the path of the package that Node finds for a name in a folder, or undefined. */
function resolve(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const path = join(folder, 'node_modules', name);
    const found = packages[path];
    if (found) return found.link ? found.resolved : path;
    if (folder === '') return undefined;
  }
}

/** Returns the paths of these packages, and of all packages that they need. */
function withDependencies(paths: readonly string[], seen = new Set<string>()): Set<string> {
  for (const path of paths) {
    if (seen.has(path)) continue;
    seen.add(path);
    const names = Object.keys(packages[path]?.dependencies ?? {});
    withDependencies(
      names.flatMap((name) => resolve(name, path) ?? []),
      seen,
    );
  }
  return seen;
}

test('"npm ci --omit=dev --omit=optional" installs what the API, the worker, the migrations and the command line need, and nothing else', () => {
  const isPackage = (path: string) => path.includes('node_modules/');
  const installed = Object.entries(packages)
    .filter(([path, { link, dev, optional, devOptional }]) => isPackage(path) && !link && !dev && !optional && !devOptional)
    .map(([path]) => path);
  expect(installed.sort()).toEqual([...withDependencies(DEPLOYED)].filter(isPackage).sort());
});
