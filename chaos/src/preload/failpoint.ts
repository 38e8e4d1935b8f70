import type { Intercept } from './intercept.js';

/** A call of a statement at which the process is killed. */
export interface Failpoint {
  /** The name of a prepared statement. */
  statement: string;
  /** `before` the statement is sent, or `after` it was committed. */
  side: 'before' | 'after';
  /** The number of the call at which the process dies, from 1. */
  occurrence: number;
}

const SYNTAX = /^([a-z_]+):(before|after)(?::([1-9]\d*))?$/;

/** Parses `statement:side[:occurrence]`, such as `record_attempts:before:3`. Throws an Error for any other text. */
export function parseFailpoint(text: string): Failpoint {
  const [, statement, side, occurrence = '1'] = SYNTAX.exec(text) ?? [];
  if (statement === undefined)
    throw new Error(`A failpoint must be like "statement:before" or "statement:after:3", not "${text}".`);
  return { statement, side: side as Failpoint['side'], occurrence: Number(occurrence) };
}

/** A promise that never settles. */
const NEVER = new Promise<never>(() => undefined);

/**
 * Kills the process before or after one call of a statement.
 *
 * @param die kills the process; its code may run for a short time after this returns
 */
export function failAt({ statement, side, occurrence }: Failpoint, die: () => void): Intercept {
  let calls = 0;
  return async ({ name }, run) => {
    if (name !== statement) return run();
    calls += 1;
    // Decided before the await, since more calls may start during this one.
    const isFailpoint = calls === occurrence;
    if (isFailpoint && side === 'before') {
      die();
      return NEVER;
    }
    const result = await run();
    if (!isFailpoint) return result;
    die();
    return NEVER;
  };
}
