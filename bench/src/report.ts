import { cpus } from 'node:os';

/** The measurements of one variant in all rounds. */
export interface Measured {
  name: string;
  /** Units of work per second, one value a round. */
  rates: number[];
  /** CPU time of each process in microseconds per unit of work, one value a round. */
  cpuUs: Record<string, number[]>;
  /** Further measurements. */
  notes?: string;
}

export interface Report {
  title: string;
  unit: string;
  node: string;
  cores: number;
  /** The first row is Tidings, and the others are compared with it. */
  rows: Measured[];
}

/** Creates a report with the Node version and the number of cores. */
export function report(title: string, unit: string, rows: Measured[]): Report {
  return { title, unit, node: process.version, cores: cpus().length, rows };
}

/** The median; for an even number of values, the lower of the two middle ones. NaN for an empty list. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? NaN;
}

function inMicroseconds(cost: number): string {
  return `${cost.toFixed(cost < 20 ? 2 : 0)} µs`;
}

/** Prints medians, the spread, and the ratio of the first row to each. */
export function printTable({ title, unit, node, cores, rows }: Report): void {
  const ours = median(rows[0]?.rates ?? []);
  console.log(`\n${title} (medians of ${String(rows[0]?.rates.length ?? 0)} rounds, Node ${node}, ${String(cores)} cores)`);
  for (const { name, rates, cpuUs, notes } of rows) {
    const costs = Object.entries(cpuUs).map(([process, rounds]) => [process, median(rounds)] as const);
    const all = costs.reduce((sum, [, cost]) => sum + cost, 0);
    const cpu =
      costs.length === 0
        ? ''
        : `; CPU ${costs.map(([process, cost]) => `${process} ${inMicroseconds(cost)}`).join(', ')}${costs.length > 1 ? `, total ${inMicroseconds(all)}` : ''}`;
    const spread = `${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}`;
    console.log(
      `  ${name}: ${median(rates).toFixed(0)} ${unit} (${spread}), Tidings ÷ this ${(ours / median(rates)).toFixed(2)}${cpu}${notes === undefined ? '' : `; ${notes}`}`,
    );
  }
}
