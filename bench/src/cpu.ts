import { readFileSync } from 'node:fs';

const TICK_US = 10_000;

/**
 * The CPU time of a process and its children in microseconds, with a resolution of 10 ms; NaN without /proc. PostgreSQL has
 * one process for each connection: the time of ended processes counts for their parent.
 */
function cpuUs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const ticks = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0);
    const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
      .split(' ')
      .filter(Boolean);
    return children.reduce((sum, child) => sum + (cpuUs(Number(child)) || 0), ticks * TICK_US);
  } catch {
    return NaN;
  }
}

/** Starts to measure processes. Returns a function that divides the CPU time of each since then by `count`, the units of work. */
export function startCpuMeasurement(pids: Readonly<Record<string, number>>): (count: number) => Record<string, number> {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuUs(pid)] as const);
  return (count) => Object.fromEntries(before.map(([name, pid, used]) => [name, (cpuUs(pid) - used) / count]));
}
