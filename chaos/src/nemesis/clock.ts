import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['/usr/lib', '/usr/local/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];

/** The path of libfaketime, or undefined. */
function findLibrary(): string | undefined {
  for (const folder of FOLDERS) {
    try {
      const names = readdirSync(join(folder, 'faketime'));
      if (names.includes('libfaketimeMT.so.1')) return join(folder, 'faketime/libfaketimeMT.so.1');
    } catch {
      // The library is not in this folder.
    }
  }
  return undefined;
}

/** The missing requirement of this machine for shifting clocks, or undefined. */
export function missingFaketime(): string | undefined {
  return findLibrary() === undefined ? 'needs libfaketime (apt install faketime)' : undefined;
}

/**
 * The environment variables that shift the clock of a process. Timers are not affected: they use the monotonic clock.
 *
 * @param offset such as `+1h`
 */
export function shiftedClock(offset: string): NodeJS.ProcessEnv {
  return { LD_PRELOAD: findLibrary() ?? '', FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
}
