import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecret } from '@tidings/secrets';

const FILE = 'listen-secret';

/**
 * Returns the secret that signs forwarded events on this machine, and its file. The first call generates it; later calls return
 * the same secret. Only the current user may read the file.
 */
export function loadOrCreateSecret(folder: string): { secret: string; file: string } {
  const file = join(folder, FILE);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // The flag wx fails when the file exists: of two processes that start at once, one creates it.
    writeFileSync(file, `${createSecret()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { secret: readFileSync(file, 'utf8').trim(), file };
}
