import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecret } from '@tidings/secrets';

const FILE = 'listen-secret';

/**
 * The secret that signs what is forwarded on this machine: made at the first call, the same ever after. Only this user may
 * read the file.
 */
export function keepSecret(folder: string): { secret: string; file: string } {
  const file = join(folder, FILE);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // Fails when it is there: of two that start at once, one makes it.
    writeFileSync(file, `${createSecret()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { secret: readFileSync(file, 'utf8').trim(), file };
}
