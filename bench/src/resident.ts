import { readFileSync } from 'node:fs';

/** Memory that a process holds; NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
  } catch {
    return NaN;
  }
}
