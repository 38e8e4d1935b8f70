import type { Intercept } from './intercept.js';

export interface Failpoint {
  /** The name of a prepared statement. */
  statement: string;
  /** `before` it is sent, or `after` it was committed. */
  moment: 'before' | 'after';
  /** At which time, from 1. */
  time: number;
}

const SYNTAX = /^([a-z_]+):(before|after)(?::([1-9]\d*))?$/;

/** Reads `statement:moment[:time]`, such as `record_attempts:before:3`. */
export function parseFailpoint(text: string): Failpoint {
  const [, statement, moment, time = '1'] = SYNTAX.exec(text) ?? [];
  if (statement === undefined) throw new Error(`A failpoint is "statement:before" or "statement:after:3", not "${text}".`);
  return { statement, moment: moment as Failpoint['moment'], time: Number(time) };
}

/** What never comes. */
const NEVER = new Promise<never>(() => undefined);

/**
 * Ends the process the hard way at one place of its journey.
 *
 * @param die does not return control to the process, at least not for long
 */
export function failAt({ statement, moment, time }: Failpoint, die: () => void): Intercept {
  let times = 0;
  return async ({ name }, run) => {
    if (name !== statement) return run();
    times += 1;
    // The count at the call: others may come in while this one is under way.
    const isTime = times === time;
    if (isTime && moment === 'before') {
      die();
      return NEVER;
    }
    const result = await run();
    if (!isTime) return result;
    die();
    return NEVER;
  };
}
