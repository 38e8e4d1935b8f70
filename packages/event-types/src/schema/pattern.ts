import { RE2JS } from 're2js';
import { countCodePoints } from '../count-code-points.js';

/** A pattern of a schema. It matches in time that grows with the text, whatever the text is. */
export interface Pattern {
  /** Returns whether any part of the text matches. */
  test: (text: string) => boolean;
  /** What `test` may cost at most, in units of about 50 ns. */
  costOf: (text: string) => number;
  /** The number of instructions and ranges of characters that it was compiled to. */
  size: number;
}

/** Why a text is no pattern: the end of a sentence that begins with its place. */
export interface PatternFault {
  fault: string;
}

const MAX_PATTERN_LENGTH = 1000;
const MAX_INSTRUCTIONS = 1000;

/** Ranges of characters of all instructions: `\p{L}` has 650, and compiling takes 65 ns for each. */
const MAX_RANGES = 10_000;
const TOO_LARGE = 'is too large once its repeats are written out: say how long the text may be with minLength and maxLength';

/** Up to here a program has few enough states that all of them are soon known: it is quick on every text. */
const SMALL = 16;
const LARGE = 250;
/** Known states that are held after a text that was costly: up to 8 MB for each pattern. */
const COST_TO_FORGET = 100_000;

/** `^[class]{1,255}$`: its length is counted, which is a program of 6 instructions instead of 513. */
const REPEATED_CLASS = /^\^((?:\\[dwDW]|\\[pP](?:[CLMNPSZ]|\{\^?\w+\})|\[\^?(?:\\[^bB]|[^\]\\[])+\]))\{(\d+)(?:,(\d*))?\}\$$/s;

/** Compiles a pattern, which is RE2 syntax that ECMAScript reads, too. */
export function compilePattern(source: string): Pattern | PatternFault {
  if (source.length > MAX_PATTERN_LENGTH) {
    return { fault: `is ${String(source.length)} characters long: a pattern has at most ${String(MAX_PATTERN_LENGTH)}` };
  }
  const group = unsupportedGroup(source);
  if (group !== undefined) return { fault: `has ${group}, which the syntax of RE2 does not have` };
  try {
    // ECMAScript escapes fewer signs than RE2 may: `\-` means the same wherever it is read.
    new RegExp(
      source.replace(/\\([\s\S])/g, (escape, sign: string) => (/[-_ !"#%&',:;<=>@`~]/.test(sign) ? 'x' : escape)),
      'u',
    );
  } catch (error) {
    return { fault: `is not a regular expression: ${reasonOf(error)}` };
  }
  const repeated = REPEATED_CLASS.exec(source);
  if (repeated) {
    const [, atom = '', least = '', most = least] = repeated;
    const [min, max] = [Number(least), most === '' ? Infinity : Number(most)];
    if (min <= max && max !== 0 && (max === Infinity || max <= MAX_INSTRUCTIONS)) {
      const inner = compileProgram(`^${atom}*$`);
      return 'fault' in inner ? inner : { ...inner, test: (text) => isCounted(text, min, max) && inner.test(text) };
    }
  }
  return compileProgram(source);
}

function compileProgram(source: string): Pattern | PatternFault {
  let program: RE2JS;
  let size: number;
  try {
    const translated = RE2JS.translateRegExp(source);
    // Not anchored at first: the analysis of anchored programs is the dear part of compiling, and waits for the size.
    size = sizeOf(RE2JS.compile(`(?:${translated})|(?:)`));
    if (size > MAX_RANGES) return { fault: TOO_LARGE };
    program = RE2JS.compile(translated);
  } catch (error) {
    const reason = reasonOf(error);
    return reason.startsWith('invalid repeat') || reason.includes('too large')
      ? { fault: `${TOO_LARGE}. A repeat counts to at most 1,000, nested ones together` }
      : { fault: `is not in the syntax of RE2: ${reason}` };
  }
  const instructions = program.programSize();
  if (instructions > MAX_INSTRUCTIONS) return { fault: TOO_LARGE };
  const isQuick = instructions <= SMALL || (program.re2() as { onepass: unknown }).onepass !== null;
  const weight = isQuick ? 1 / 8 : instructions * (instructions > LARGE ? 4 : 1);
  const costOf = (text: string) => 1 + text.length * weight;
  return {
    size,
    costOf,
    test: (text) => {
      const matches = program.test(text);
      if (!isQuick && costOf(text) > COST_TO_FORGET) program.reset();
      return matches;
    },
  };
}

/** The instructions of a program, and the ranges of characters that they hold. */
function sizeOf(program: RE2JS): number {
  const { inst } = program.re2().prog as { inst: readonly { runes?: { length: number } | null }[] };
  return inst.reduce((sum, { runes }) => sum + 1 + (runes?.length ?? 0) / 2, 0);
}

/** What ECMAScript has and RE2 has not, and flags, which are the other way round. */
function unsupportedGroup(source: string): string | undefined {
  const bare = source.replace(/\\[\s\S]/g, '').replace(/\[[^\]]*\]?/g, '');
  const sign = /\(\?(<?[=!]|[^:<])/.exec(bare)?.[1];
  if (sign !== undefined) {
    const name = sign === '=' || sign === '!' ? 'a lookahead' : sign.startsWith('<') ? 'a lookbehind' : undefined;
    return `${name ?? 'flags or a group'} "(?${sign}"`;
  }
  return /(?:^|[^\\])(?:\\\\)*\\(?:[1-9]|k<)/.test(source) ? 'a reference to a group' : undefined;
}

function isCounted(text: string, min: number, max: number): boolean {
  if (text.length < min || text.length > 2 * max) return false;
  const count = countCodePoints(text);
  return count >= min && count <= max;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: |^Invalid regular expression: /, '').slice(0, 200);
}
