import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Whom PostgreSQL runs as; empty: as we do. */
export interface User {
  uid?: number;
  gid?: number;
}

/** Where files go that PostgreSQL's user can't reach in the project, such as below /root. */
const FALLBACK = '/var/lib/tidings';

/** PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody` where there is no such user. */
export function postgresUser(): User {
  if (process.getuid?.() !== 0) return {};
  const name = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Whether the user may look into the folder, which exists. */
export function isReachable(folder: string, user: User): boolean {
  return user.uid === undefined || spawnSync('ls', [folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** A path that stands in for this one, always the same, where every user can reach it. */
export function reachablePath(path: string): string {
  mkdirSync(FALLBACK, { recursive: true, mode: 0o755 });
  return join(FALLBACK, createHash('sha256').update(path).digest('hex').slice(0, 12));
}
