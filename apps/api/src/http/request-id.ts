import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

const HEADER = 'x-request-id';
const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Gives each request an id, for its response header, its problem documents and its log lines: the caller's `X-Request-Id`
 * when that is plain text, otherwise a new UUID.
 */
export const withRequestId: RequestHandler = (request, response, next) => {
  const sent = request.get(HEADER);
  response.set(HEADER, sent !== undefined && ACCEPTABLE.test(sent) ? sent : randomUUID());
  next();
};

/** Returns the id of the request that this response belongs to. */
export function requestId(response: Response): string {
  return response.get(HEADER) ?? '';
}
