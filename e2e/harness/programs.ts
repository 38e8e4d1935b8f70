import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

/** Debian's folders for servers, which are not on every user's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Returns the path of the first program with one of these names, or undefined. */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

/**
 * Describes tests that need programs besides Node and npm. Skips them when a program is missing; in CI it throws instead,
 * so that no test is skipped unnoticed.
 */
export function describeWith(programs: Readonly<Record<string, string | undefined>>, name: string, tests: () => void): void {
  const missing = Object.entries(programs).flatMap(([program, path]) => (path === undefined ? [program] : []));
  if (missing.length === 0) describe(name, tests);
  else if (process.env['CI'])
    throw new Error(`These tests need ${missing.join(' and ')}. Install the missing programs, or unset CI to skip the tests.`);
  else describe.skip(`${name} (skipped: not installed: ${missing.join(', ')})`, tests);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
