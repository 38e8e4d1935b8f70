import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

/** Where Debian keeps servers, which is not on everybody's PATH. */
const FURTHER = ['/usr/sbin', '/usr/local/sbin'];

/** Where a program is that this machine may have, by any of its names. */
export function findProgram(...names: string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...FURTHER];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

/**
 * Describes what needs programs that Node and npm do not bring. Where one is missing it is skipped, except in CI, where
 * nothing may go untested.
 */
export function describeWith(programs: Readonly<Record<string, string | undefined>>, name: string, tests: () => void): void {
  const missing = Object.entries(programs).flatMap(([program, path]) => (path === undefined ? [program] : []));
  if (missing.length === 0) describe(name, tests);
  else if (process.env['CI']) throw new Error(`These tests need ${missing.join(' and ')}.`);
  else describe.skip(`${name} (skipped: there is no ${missing.join(' and no ')})`, tests);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
