import { readFileSync } from 'node:fs';

/**
 * The time that a thread has run, in milliseconds, to the microsecond; NaN without Linux's /proc. It is no time on the clock: what else
 * runs on the machine does not count.
 *
 * @param thread its id; that of a process stands for its main thread, which is Node's event loop, or all of a PostgreSQL session
 */
export function cpuTimeMs(thread: number): number {
  try {
    const [nanoseconds] = readFileSync(`/proc/${String(thread)}/task/${String(thread)}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return NaN;
  }
}
