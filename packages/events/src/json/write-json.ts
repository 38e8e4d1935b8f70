import { canonicalNumber, digitsOf } from './digits.js';
import { parseJson } from './parse-json.js';

/**
 * Writes a value as JSON on one line, with the digits of the numbers as `parseJson` read them.
 *
 * @param source the value that `parseJson` returned, when `value` is the result of a schema that has copied it. A number that
 *   the schema has changed is written as JavaScript writes it. Default: `value` itself.
 */
export function writeJson(value: unknown, source: unknown = value): string {
  return write(value, source, (text) => text) ?? 'null';
}

/**
 * Writes a value as JSON in the one form that all JSON of the same value has: members in the order of their names, and numbers by
 * their exact value (`1`, `1.0` and `10e-1` are the same number, 9007199254740992 and 9007199254740993 are not).
 */
export function canonicalJson(value: unknown): string {
  return write(value, value, canonicalNumber, (keys) => keys.sort()) ?? 'null';
}

/** Events that were accepted earlier may have more values than a body may have now. */
const ANY_SIZE = { maxValues: Infinity };

/** Returns whether two texts are JSON of the same value. False for a text that `parseJson` refuses, unless it is the same. */
export function isSameJson(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return canonicalJson(parseJson(one, ANY_SIZE)) === canonicalJson(parseJson(other, ANY_SIZE));
  } catch {
    return false;
  }
}

/** JSON allows these characters in texts; many readers of lines take them for the end of a line. */
const LINE_SEPARATORS = /[\u0085\u2028\u2029]/g;

/** Escapes the characters U+0085, U+2028 and U+2029 in JSON text. */
export function escapeLineSeparators(json: string): string {
  return json.replace(LINE_SEPARATORS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Undefined for values that `JSON.stringify` leaves out: undefined, functions, symbols. */
function write(
  value: unknown,
  source: unknown,
  toNumber: (text: string) => string,
  arrange: (keys: string[]) => string[] = (keys) => keys,
): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return toNumber(Object.is(value, -0) ? '0' : String(value));
  if (typeof value !== 'object' || value === null || hasToJson(value)) return JSON.stringify(value);
  const original = typeof source === 'object' && source !== null ? source : undefined;
  const member = (key: string | number, inner: unknown): string | undefined => {
    const digits = typeof inner === 'number' && original ? digitsOf(original, key) : undefined;
    if (digits !== undefined && Object.is(Number(digits), inner)) return toNumber(digits);
    return write(inner, (original as Record<string, unknown> | undefined)?.[key], toNumber, arrange);
  };
  if (Array.isArray(value)) return `[${Array.from(value, (inner, index) => member(index, inner) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const key of arrange(Object.keys(value))) {
    const text = member(key, (value as Record<string, unknown>)[key]);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** Whether `JSON.stringify` writes what the value's method returns. A member of this name that is data has no effect. */
function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
