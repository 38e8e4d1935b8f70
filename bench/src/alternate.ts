import { startCpu } from './cpu.js';
import type { Measured } from './report.js';

/** One of those that are measured beside each other. */
export interface Side {
  name: string;
  /** Whose CPU time counts, by name. */
  pids: Readonly<Record<string, number>>;
  /** Does one round, and answers how many units of work it was. */
  run: () => Promise<number>;
}

/**
 * Measures all sides in turns, so that a machine that gets slower or faster meanwhile does so for each. The first round
 * warms up and is not counted.
 */
export async function alternate(sides: readonly Side[], rounds: number): Promise<Measured[]> {
  const rows = sides.map(({ name }): Measured => ({ name, rates: [], cpuUs: {} }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { name, pids, run }] of sides.entries()) {
      const row = rows[index] as Measured;
      const cpu = startCpu(pids);
      const startedAt = performance.now();
      const units = await run();
      const seconds = (performance.now() - startedAt) / 1000;
      console.error(`  round ${String(round)} of ${String(rounds)}, ${name}: ${seconds.toFixed(1)} s`);
      if (round === 0) continue;
      row.rates.push(units / seconds);
      for (const [process, cost] of Object.entries(cpu(units))) (row.cpuUs[process] ??= []).push(cost);
    }
  }
  return rows;
}
