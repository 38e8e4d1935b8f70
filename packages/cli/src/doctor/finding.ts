/**
 * The result of a check:
 * - `ok`: correct;
 * - `warning`: it works, but has a risk that the operator should know;
 * - `wrong`: it does not work, or will fail;
 * - `skipped`: it could not be checked, or a setting for the check is missing.
 */
export type Level = 'ok' | 'warning' | 'wrong' | 'skipped';

/** The result of one check. */
export interface Finding {
  /** Name of the check: `migrations`. */
  check: string;
  level: Level;
  /** The fact. It contains no secret. */
  message: string;
  /** The remedy; null when there is nothing to do. */
  advice: string | null;
}

/** Returns functions that create the findings of one check, one function for each level. */
export function findingFactory(check: string) {
  const at =
    (level: Level) =>
    (message: string, advice: string | null = null): Finding => ({ check, level, message, advice });
  return { ok: at('ok'), warning: at('warning'), wrong: at('wrong'), skipped: at('skipped') };
}

const MARKS: Record<Level, string> = { ok: '✓', warning: '!', wrong: '✗', skipped: '-' };
const WIDTH = 12;

/** Formats a finding as text: one line, and a second line with the advice. */
export function findingText({ check, level, message, advice }: Finding): string {
  const line = `${MARKS[level]} ${check.padEnd(WIDTH)} ${message}`;
  return advice === null ? line : `${line}\n${' '.repeat(WIDTH + 3)}→ ${advice}`;
}
