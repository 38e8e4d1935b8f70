/**
 * - `ok`: as it should be;
 * - `warning`: it works, and somebody should know;
 * - `wrong`: it does not work, or will not;
 * - `skipped`: it could not be looked at, because of something else or because it was not asked for.
 */
export type Level = 'ok' | 'warning' | 'wrong' | 'skipped';

/** What one look at one thing found. */
export interface Finding {
  /** What was looked at: `migrations`. */
  check: string;
  level: Level;
  /** What was found. It holds no secret. */
  message: string;
  /** What to do about it, unless it is ok. */
  advice: string | null;
}

/** The findings of one check. */
export function findingsOf(check: string) {
  const at =
    (level: Level) =>
    (message: string, advice: string | null = null): Finding => ({ check, level, message, advice });
  return { ok: at('ok'), warning: at('warning'), wrong: at('wrong'), skipped: at('skipped') };
}

const MARKS: Record<Level, string> = { ok: '✓', warning: '!', wrong: '✗', skipped: '-' };
const WIDTH = 12;

/** A finding for people: one line, and one more for what to do. */
export function findingText({ check, level, message, advice }: Finding): string {
  const line = `${MARKS[level]} ${check.padEnd(WIDTH)} ${message}`;
  return advice === null ? line : `${line}\n${' '.repeat(WIDTH + 3)}→ ${advice}`;
}
