import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The keys of this machine, named like the environment variables that they fill. */
export interface MachineKeys {
  /** Signs and verifies tokens (HS256). */
  JWT_SECRET: string;
  /** Seals the webhooks' secrets: `id:base64key`. */
  SECRETS_KEYS: string;
}

const FILE = 'keys.json';

/** Creates random keys. */
export function createMachineKeys(): MachineKeys {
  return {
    JWT_SECRET: randomBytes(32).toString('base64url'),
    SECRETS_KEYS: `local:${randomBytes(32).toString('base64')}`,
  };
}

/** Returns the keys in `keys.json` of the folder. The first call creates them, in a file that only this user may read. */
export function keepMachineKeys(folder: string): MachineKeys {
  const file = join(folder, FILE);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    // Renamed into place: with a half-written key file no sealed secret could be opened.
    const unfinished = `${file}.${String(process.pid)}`;
    writeFileSync(unfinished, `${JSON.stringify(createMachineKeys(), null, 2)}\n`, { mode: 0o600 });
    renameSync(unfinished, file);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as MachineKeys;
}

/** Returns the keys in `.tidings` of the folder, or of its nearest parent that has some; undefined when there are none. */
export function findMachineKeys(folder: string): MachineKeys | undefined {
  const file = join(folder, '.tidings', FILE);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as MachineKeys;
  const parent = dirname(folder);
  return parent === folder ? undefined : findMachineKeys(parent);
}
