import type { Request } from 'express';
import { z } from 'zod';
import type { FieldError } from '@tidings/events';
import { invalid, Problem } from '../problems/problem.js';

/**
 * The body, as the schema wants it; undefined when there is none and none is needed. Throws a 400 that names every wrong
 * field, or a 415 when it does not say that it is JSON.
 */
export function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const type = request.is('application/json');
  const missing = type === null || request.get('content-length') === '0';
  if ((type === false && !missing) || (missing && !schema.safeParse(undefined).success)) {
    throw new Problem(415, 'The body is not JSON', { detail: 'Send JSON with "Content-Type: application/json".' });
  }
  return check(missing ? undefined : request.body, schema);
}

/** The query parameters, as the schema wants them. Throws a 400 that names every wrong one. */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  return check(request.query, schema);
}

/** What was sent, as the schema wants it. Throws a 400 that names every wrong field. */
export function check<Schema extends z.ZodType>(input: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap(toFieldErrors));
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: z.core.toDotPath([...issue.path, key]), message: 'is not a known field' }));
  }
  // What is wrong with a record's key is told one level down.
  const message = issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join('; ') : issue.message;
  return [{ field: z.core.toDotPath(issue.path), message }];
}
