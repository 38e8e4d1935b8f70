import type { Request } from 'express';
import type { z } from 'zod';
import { parseInWords, toFieldErrors } from '@tidings/events';
import { invalid, Problem } from '../problems/problem.js';
import { takesList } from './list-parameter.js';

/**
 * Returns the body as the schema parses it; an absent body is parsed as undefined where the schema accepts that. Throws a
 * 400 that names every wrong field, or a 415 when the content type is not JSON.
 */
export function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const type = request.is('application/json');
  const isMissing = type === null || (request.body === undefined && type !== false) || request.get('content-length') === '0';
  if ((type === false && !isMissing) || (isMissing && !schema.safeParse(undefined).success)) {
    throw new Problem(415, 'The body is not JSON', { detail: 'Send JSON with "Content-Type: application/json".' });
  }
  return check(isMissing ? undefined : request.body, schema);
}

/** Parameters that HTTP clients add so that no cache answers them, such as jQuery's `_`. They say nothing about the request. */
const CACHE_BUSTERS = ['_', 'cb', 'nocache', 'r', 't', 'ts'];

/**
 * Returns the query parameters as the schema parses them. Throws a 400 that names every wrong parameter, also one that takes no
 * list (`listParameter`) and is repeated. Ignores parameters against caches that the schema does not have.
 */
export function readQuery<Schema extends z.ZodObject>(request: Request, schema: Schema): z.output<Schema> {
  // Express parses it again at each access.
  const query = Object.fromEntries(
    Object.entries(request.query).filter(([name]) => Object.hasOwn(schema.shape, name) || !CACHE_BUSTERS.includes(name)),
  );
  const repeated = Object.entries(query).filter(
    ([name, value]) => Array.isArray(value) && Object.hasOwn(schema.shape, name) && !takesList(schema.shape[name] as z.ZodType),
  );
  const once = Object.fromEntries(repeated.map(([name, values]) => [name, (values as string[])[0]]));
  const result = parseInWords(schema, { ...query, ...once });
  const errors = result.success ? [] : toFieldErrors(result.error).filter(({ field }) => !Object.hasOwn(once, field));
  errors.push(
    ...repeated.map(([field, values]) => ({
      field,
      message: `is given ${String((values as string[]).length)} times: it takes one value, so give it once`,
    })),
  );
  if (!result.success || errors.length > 0) throw invalid(errors);
  return result.data;
}

/** Returns the input as the schema parses it. Throws a 400 that names every wrong field. */
export function check<Schema extends z.ZodType>(input: unknown, schema: Schema): z.output<Schema> {
  const result = parseInWords(schema, input);
  if (result.success) return result.data;
  throw invalid(toFieldErrors(result.error));
}
