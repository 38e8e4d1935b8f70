import type { Counts } from './judge.js';
import type { ScenarioOutcome } from './runner.js';

const COLUMNS = [
  'scenario',
  'verdict',
  'accepted',
  'unsure',
  'deliveries',
  'lost',
  'unexpected',
  'invalid',
  'duplicates',
  'bound',
  'late',
  'attempts over',
  'log untrue',
  'seconds',
] as const;

/** Whether the scenario found a violation, or failed itself. */
export function isViolation({ verdict, error }: ScenarioOutcome): boolean {
  return error !== undefined || (verdict?.violations.length ?? 0) > 0;
}

/** The word for an outcome in the table. */
export function wordFor(outcome: ScenarioOutcome): 'kept' | 'VIOLATED' | 'skipped' {
  if (outcome.skipped !== undefined) return 'skipped';
  return isViolation(outcome) ? 'VIOLATED' : 'kept';
}

/** The results of a run: a Markdown table, for terminals and for the docs, and then all notes, errors and violations. */
export function report(outcomes: readonly ScenarioOutcome[]): string {
  const rows = [[...COLUMNS], ...outcomes.map(toRow)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const table = [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
  return [...table, ...outcomes.flatMap(details)].join('\n');
}

function toRow(outcome: ScenarioOutcome): string[] {
  const { scenario, seconds, verdict } = outcome;
  const counts = verdict?.counts;
  const cell = (name: keyof Counts): string => (counts ? String(counts[name]) : '–');
  return [
    scenario,
    wordFor(outcome),
    cell('accepted'),
    cell('unsure'),
    cell('expected'),
    cell('lost'),
    cell('unexpected'),
    counts ? String(counts.invalid + counts.altered) : '–',
    cell('duplicates'),
    cell('bound'),
    cell('late'),
    cell('excessive'),
    cell('untrue'),
    String(seconds),
  ];
}

function details({ scenario, verdict, skipped, error }: ScenarioOutcome): string[] {
  return [
    ...(skipped === undefined ? [] : [`${scenario}: skipped: ${skipped}`]),
    ...(error === undefined ? [] : [`${scenario}: failed: ${error}`]),
    ...(verdict?.notes ?? []).map((note) => `${scenario}: ${note}`),
    ...(verdict?.violations ?? []).map((violation) => `${scenario}: VIOLATION: ${violation}`),
  ];
}
