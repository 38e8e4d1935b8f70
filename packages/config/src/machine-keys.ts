import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Named as the environment variables that they fill. */
export interface MachineKeys {
  /** Signs and verifies tokens (HS256). */
  JWT_SECRET: string;
  /** Seals the webhooks' secrets: `id:base64key`. */
  SECRETS_KEYS: string;
}

const FILE = 'keys.json';

/** New random keys. */
export function createMachineKeys(): MachineKeys {
  return {
    JWT_SECRET: randomBytes(32).toString('base64url'),
    SECRETS_KEYS: `local:${randomBytes(32).toString('base64')}`,
  };
}

/** The keys that the folder holds, made at the first call. Only this user may read the file. */
export function keepMachineKeys(folder: string): MachineKeys {
  const file = join(folder, FILE);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    // Renamed into place: a half-written file would lock us out of every secret that was sealed.
    const unfinished = `${file}.${String(process.pid)}`;
    writeFileSync(unfinished, `${JSON.stringify(createMachineKeys(), null, 2)}\n`, { mode: 0o600 });
    renameSync(unfinished, file);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as MachineKeys;
}

/** The keys in `.tidings` of this folder or of the nearest one above, or undefined where there are none. */
export function findMachineKeys(folder: string): MachineKeys | undefined {
  const file = join(folder, '.tidings', FILE);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as MachineKeys;
  const parent = dirname(folder);
  return parent === folder ? undefined : findMachineKeys(parent);
}
