import express, { type RequestHandler } from 'express';
import { Problem } from '../problems/problem.js';

const MAX_BODY = '1mb';
/** An event's data is a few levels deep. Code that walks a body recurses for each level, and must not run out of stack. */
const MAX_LEVELS = 32;

/**
 * Reads a JSON body. Throws a 413 for more than 1 MB, measured after decompression (gzip, deflate, br), and a 400 for a body
 * that is not JSON or is nested more than 32 levels deep. V8's parser does not recurse, so the depth is checked after
 * parsing, in any encoding.
 */
export const jsonBodies: RequestHandler[] = [
  express.json({ limit: MAX_BODY, strict: false }),
  (request, _response, next) => {
    if (isDeeperThan(request.body, MAX_LEVELS)) {
      throw new Problem(400, 'The body is nested too deeply', {
        detail: `Arrays and objects may be nested at most ${String(MAX_LEVELS)} levels deep.`,
      });
    }
    next();
  },
];

/** Returns whether arrays and objects are nested more than `levels` deep. Walks no deeper than that. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) if (isDeeperThan(inner, levels - 1)) return true;
  return false;
}
