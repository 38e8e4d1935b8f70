import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Returns the password in the file; the first call generates it. It is needed although the server listens on 127.0.0.1 only:
 * other users of this machine can reach the port, and a database that lets them in runs commands as its user.
 */
export function loadOrCreatePassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
