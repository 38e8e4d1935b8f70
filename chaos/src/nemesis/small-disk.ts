import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small file system that is quickly full. */
export interface SmallDisk {
  folder: string;
  /** Writes until there is no space left. */
  fill: () => void;
  /** Deletes the file that `fill` wrote. */
  free: () => void;
  unmount: () => void;
}

const CHUNK = Buffer.alloc(65_536, 1);

/** The missing requirement of this machine for mounting a tmpfs, or undefined. */
export function missingMountRights(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small tmpfs';
  return undefined;
}

/** Mounts a tmpfs of this size on the folder. */
export function mountSmallDisk(folder: string, megabytes: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m,mode=0755`, 'tmpfs', folder]);
  const unmount = (): void => {
    process.off('exit', unmount);
    // Lazy, because PostgreSQL may still use the file system.
    spawnSync('umount', ['--lazy', folder]);
  };
  process.once('exit', unmount);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (;;) writeSync(file, CHUNK);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free() {
      rmSync(ballast, { force: true });
    },
    unmount,
  };
}
