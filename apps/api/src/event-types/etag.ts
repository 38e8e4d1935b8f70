import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/**
 * Sets the ETag of a response that follows from these values, and answers 304 if the client has it already (RFC 9110, section 13.1.2).
 * Returns whether it did. The tag names the state of the event types, so that no page is written to find that it is the same.
 */
export function isUnchanged(request: Request, response: Response, values: readonly unknown[]): boolean {
  const tag = `"${createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, 27)}"`;
  response.set({ etag: tag, 'cache-control': 'private, no-cache' });
  const known = request.get('if-none-match')?.split(',') ?? [];
  if (!known.some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*')) return false;
  response.status(304).end();
  return true;
}
