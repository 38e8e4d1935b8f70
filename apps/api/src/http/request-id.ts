import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

const HEADER = 'x-request-id';
const ACCEPTABLE = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives each request an id, the caller's own when it is a plain one: in the answer, in problems and in the log. */
export const withRequestId: RequestHandler = (request, response, next) => {
  const given = request.get(HEADER);
  response.set(HEADER, given !== undefined && ACCEPTABLE.test(given) ? given : randomUUID());
  next();
};

/** The id of the request that this response answers. */
export function requestId(response: Response): string {
  return response.get(HEADER) ?? '';
}
