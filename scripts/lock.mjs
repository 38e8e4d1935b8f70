// One Tidings at a time may use .tidings/.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes the folder's lock until this process exits. Returns undefined, or the id of the process that holds it.
 * The lock of a process that was killed counts for nothing.
 */
export function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'lock');
  const ours = `${file}.${process.pid}`;
  writeFileSync(ours, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    for (;;) {
      try {
        // Unlike a write, a link appears whole, and only where there was none.
        linkSync(ours, file);
        break;
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
        const { pid, started } = read(file);
        if (pid !== undefined && startOf(pid) === started) return pid;
        rmSync(file, { force: true });
      }
    }
  } finally {
    rmSync(ours, { force: true });
  }
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Given back just now.
    return {};
  }
}

/** When the process started, in the words of its system; undefined when there is none. Ids are used again, times are not. */
function startOf(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[19];
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { env, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
