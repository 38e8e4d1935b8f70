import { startCpuMeasurement } from './cpu.js';
import type { Measured } from './report.js';

/** One of the programs that a bench compares. */
export interface Variant {
  name: string;
  /** The processes whose CPU time is measured, by name. */
  pids: Readonly<Record<string, number>>;
  /** Runs one round, and returns the units of work that it did. */
  run: () => Promise<number>;
}

/**
 * Measures all variants in each round, one after the other, so that a change of the machine's speed affects each of them. The
 * first round is a warm-up and is not counted.
 */
export async function measureAlternately(variants: readonly Variant[], rounds: number): Promise<Measured[]> {
  const rows = variants.map(({ name }): Measured => ({ name, rates: [], cpuUs: {} }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { name, pids, run }] of variants.entries()) {
      const row = rows[index] as Measured;
      const cpu = startCpuMeasurement(pids);
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
