import type { Request } from 'express';
import { z } from 'zod';
import type { FieldError } from '@tidings/events';
import { invalid, Problem } from '../problems/problem.js';

/**
 * Returns the body as the schema parses it; an absent body is parsed as undefined where the schema accepts that. Throws a
 * 400 that names every wrong field, or a 415 when the content type is not JSON.
 */
export function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const type = request.is('application/json');
  const isMissing = type === null || request.get('content-length') === '0';
  if ((type === false && !isMissing) || (isMissing && !schema.safeParse(undefined).success)) {
    throw new Problem(415, 'The body is not JSON', { detail: 'Send JSON with "Content-Type: application/json".' });
  }
  return check(isMissing ? undefined : request.body, schema);
}

/** Returns the query parameters as the schema parses them. Throws a 400 that names every wrong parameter. */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  return check(request.query, schema);
}

/** Returns the input as the schema parses it. Throws a 400 that names every wrong field. */
export function check<Schema extends z.ZodType>(input: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap(toFieldErrors));
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: z.core.toDotPath([...issue.path, key]), message: 'is not a known field' }));
  }
  // zod reports the reason for an invalid record key one level down.
  const message = issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join('; ') : issue.message;
  return [{ field: z.core.toDotPath(issue.path), message }];
}
