import express, { type RequestHandler } from 'express';
import { Problem } from '../problems/problem.js';

const MAX_BODY = '1mb';
/** An event's data is a few levels deep. What looks at a body calls itself for each level, and must not run out of stack. */
const MAX_LEVELS = 32;

/**
 * Reads a JSON body: 413 beyond 1 MB, which counts what comes out of gzip, deflate or br; 400 for what is not JSON, or is
 * nested more than 32 levels deep. V8's parser does not recurse, so the depth is looked at afterwards, in any encoding.
 */
export const jsonBodies: RequestHandler[] = [
  express.json({ limit: MAX_BODY, strict: false }),
  (request, _response, next) => {
    if (isDeeperThan(request.body, MAX_LEVELS)) {
      throw new Problem(400, 'The body is nested too deeply', {
        detail: `Lists and objects may be ${String(MAX_LEVELS)} levels deep.`,
      });
    }
    next();
  },
];

/** Whether lists and objects are within one another more than so many times. Looks no deeper than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) if (isDeeperThan(inner, levels - 1)) return true;
  return false;
}
