import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The system user that PostgreSQL runs as; empty for the user of this process. */
export interface User {
  uid?: number;
  gid?: number;
}

/** The folder for files that PostgreSQL's user cannot reach in the project, such as below /root. */
const FALLBACK = '/var/lib/tidings';

/**
 * Returns the user for PostgreSQL, which refuses to run as root. Under root this is `postgres`, or `nobody` where there is no
 * such user.
 */
export function postgresUser(): User {
  if (process.getuid?.() !== 0) return {};
  const name = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Returns whether the user may list the folder, which must exist. */
export function isReachable(folder: string, user: User): boolean {
  return user.uid === undefined || spawnSync('ls', [folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Returns a replacement for the path that every user can reach, the same at each call. */
export function reachablePath(path: string): string {
  mkdirSync(FALLBACK, { recursive: true, mode: 0o755 });
  return join(FALLBACK, createHash('sha256').update(path).digest('hex').slice(0, 12));
}
