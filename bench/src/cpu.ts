import { readFileSync } from 'node:fs';

const TICK_US = 10_000;

/** CPU time that a process has used, in microseconds, to 10 ms; NaN where there is no /proc. */
function cpuUs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return NaN;
  }
}

/** Begins to measure processes; the answer tells what each has used since, for one of `count` units of work. */
export function startCpu(pids: Readonly<Record<string, number>>): (count: number) => Record<string, number> {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, cpuUs(pid)] as const);
  return (count) => Object.fromEntries(before.map(([name, pid, used]) => [name, (cpuUs(pid) - used) / count]));
}
