import type { Counts } from './judge.js';
import type { Outcome } from './rehearsal.js';

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

export function isViolation({ verdict, error }: Outcome): boolean {
  return error !== undefined || (verdict?.violations.length ?? 0) > 0;
}

export function wordFor(outcome: Outcome): 'kept' | 'VIOLATED' | 'skipped' {
  if (outcome.skipped !== undefined) return 'skipped';
  return isViolation(outcome) ? 'VIOLATED' : 'kept';
}

/** The table of a run, in Markdown, so that it can be read in a terminal and pasted into the docs; and what was wrong. */
export function report(outcomes: readonly Outcome[]): string {
  const rows = [[...COLUMNS], ...outcomes.map(toRow)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const table = [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)];
  return [...table, ...outcomes.flatMap(details)].join('\n');
}

function toRow(outcome: Outcome): string[] {
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

function details({ scenario, verdict, skipped, error }: Outcome): string[] {
  return [
    ...(skipped === undefined ? [] : [`${scenario}: skipped: ${skipped}`]),
    ...(error === undefined ? [] : [`${scenario}: broke off: ${error}`]),
    ...(verdict?.notes ?? []).map((note) => `${scenario}: ${note}`),
    ...(verdict?.violations ?? []).map((violation) => `${scenario}: VIOLATION: ${violation}`),
  ];
}
