import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/usr/lib', '/usr/local/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];

/** The library that tells a process another time; undefined where it is not installed. */
function findLibrary(): string | undefined {
  for (const folder of FOLDERS) {
    try {
      const names = readdirSync(join(folder, 'faketime'));
      if (names.includes('libfaketimeMT.so.1')) return join(folder, 'faketime/libfaketimeMT.so.1');
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

export function lacksFaketime(): string | undefined {
  return findLibrary() === undefined ? 'needs libfaketime (apt install faketime)' : undefined;
}

/**
 * What a process needs in its environment to have a clock of its own. Its timers are left alone: they go by another one.
 *
 * @param offset such as `+1h`
 */
export function shiftedClock(offset: string): NodeJS.ProcessEnv {
  return { LD_PRELOAD: findLibrary() ?? '', FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
}
