import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import { canonicalJson } from '@tidings/events';
import { invalid, Problem } from '../problems/problem.js';

const HEADER = 'Idempotency-Key';
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Describes the header in the OpenAPI document. */
export const idempotencyHeader = (description: string) => ({ [HEADER]: z.string().regex(KEY).describe(description) });

/** Returns the `Idempotency-Key` of the request; undefined without the header. Throws a 400 `Problem` if the key is invalid. */
export function idempotencyKey(request: Pick<Request, 'get'>): string | undefined {
  const key = request.get(HEADER);
  if (key !== undefined && !KEY.test(key)) {
    throw invalid([{ field: HEADER, message: 'must be 1 to 255 visible ASCII characters, and given once' }]);
  }
  return key;
}

/**
 * Returns the SHA-256 digest of a JSON body. It is the same for two texts of the same value, as repeated events are compared:
 * members in any order, numbers by their exact value.
 */
export function digestOf(body: unknown): Buffer {
  return createHash('sha256').update(canonicalJson(body)).digest();
}

/** Returns the digest of a body's text. Earlier versions bound keys to it (docs/decisions/0046-input.md). */
export function textDigestOf(body: unknown): Buffer {
  return createHash('sha256').update(JSON.stringify(body)).digest();
}

/**
 * Returns the 409 for a key that was used for another body: the same status as for an id of another event
 * (docs/decisions/0014-idempotency-keys.md).
 *
 * @param consequence what did not happen, as a sentence
 */
export function keyIsTaken(consequence: string): Problem {
  return new Problem(409, 'The idempotency key is taken', {
    detail: `You used this Idempotency-Key for another body. ${consequence} A new request needs a new key.`,
  });
}
