import { z } from 'zod';
import type { FieldError } from './invalid-event-error.js';

/** What a value must be, by the name that zod has for it. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a time',
};

/** Says in plain words what is wrong with a value, where a schema has no message of its own. Undefined: zod's message. */
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const { expected } = issue;
      if (issue.input === undefined) {
        return expected in EXPECTED ? `is missing: it must be ${EXPECTED[expected] ?? ''}` : 'is missing';
      }
      if (expected === 'int') return `must be a whole number, not ${nameOf(issue.input)}`;
      return expected in EXPECTED ? `must be ${EXPECTED[expected] ?? ''}, not ${nameOf(issue.input)}` : 'is not valid';
    }
    case 'too_small':
      return `must ${bound(issue.origin, 'at least', issue.minimum, issue.inclusive === false)}`;
    case 'too_big':
      return `must ${bound(issue.origin, 'at most', issue.maximum, issue.inclusive === false)}`;
    case 'not_multiple_of':
      return `must be a multiple of ${String(issue.divisor)}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(quote).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `must match ${String(issue.pattern)}`
        : `must be a valid ${issue.format.replaceAll('_', ' ')}`;
    case 'invalid_union':
      return 'must be one of the forms that are documented for it';
    case 'invalid_key':
      return 'is not a name that is accepted here';
    case 'unrecognized_keys':
      return 'is not a known field';
    case 'invalid_element':
    case 'custom':
      return undefined;
  }
}

/** Parses with messages in plain words. Valid values take the path without a message function, which zod has made faster. */
export function parseInWords<Schema extends z.ZodType>(schema: Schema, value: unknown): z.ZodSafeParseResult<z.output<Schema>> {
  const result = schema.safeParse(value);
  return result.success ? result : schema.safeParse(value, { error: describeIssue });
}

/** Returns what zod found wrong as one error for each field. */
export function toFieldErrors({ issues }: Pick<z.ZodError, 'issues'>): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ field: z.core.toDotPath([...issue.path, key]), message: 'is not a known field' }));
    }
    // zod reports the reason for an invalid name of a record one level down.
    const message = issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join('; ') : issue.message;
    return [{ field: z.core.toDotPath(issue.path), message }];
  });
}

function bound(origin: string, which: 'at least' | 'at most', limit: number | bigint, isExclusive: boolean): string {
  const amount = String(limit);
  const count = (noun: string) => `${which} ${amount} ${noun}${amount === '1' ? '' : 's'}`;
  switch (origin) {
    case 'string':
      return `be ${count('character')} long`;
    case 'array':
    case 'set':
      return `hold ${count('item')}`;
    case 'object':
    case 'record':
    case 'map':
      return `hold ${count('member')}`;
    default:
      return isExclusive ? `be ${which === 'at least' ? 'more' : 'less'} than ${amount}` : `be ${which} ${amount}`;
  }
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number' && Number.isFinite(value)) return 'a number';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}

const quote = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : String(value));
