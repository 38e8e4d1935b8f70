// The lock of .tidings/: only one Tidings at a time may use the folder.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Acquires the folder's lock until this process exits. Returns undefined, or the id of the process that holds the lock.
 * The lock of a process that no longer runs is removed.
 */
export function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'lock');
  const candidate = `${file}.${process.pid}`;
  writeFileSync(candidate, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    for (;;) {
      try {
        // A link is atomic: it appears with its full content, and fails when the file exists.
        linkSync(candidate, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
        const { pid, started } = read(file);
        if (pid !== undefined && startOf(pid) === started) return pid;
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The holder has just released the lock.
    return {};
  }
}

/**
 * Returns the start time of the process as its system prints it; undefined when there is no such process. Together with the id
 * it identifies a process: systems reuse ids.
 */
function startOf(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[19];
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
