import { readFileSync } from 'node:fs';

/** The resident memory of a process in bytes; NaN without /proc. */
export function residentBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}
