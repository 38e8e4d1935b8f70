import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '@tidings/runtime/logging';
import { requestId } from '../http/request-id.js';
import { shownPath } from '../http/shown-path.js';
import { Problem } from './problem.js';
import { toProblem } from './to-problem.js';

/** Creates the error handler: it answers every error with a problem document (RFC 9457), and logs internal errors and failures of the database. */
export function problemHandler(log: Pick<Logger, 'error' | 'warn'>): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem =
      toProblem(error) ?? new Problem(500, 'Internal error', { detail: 'Quote the request_id when you report it.' });
    // A thrown `Problem` with such a status is expected, such as "not ready", and not a bug.
    if (problem.status >= 500 && !(error instanceof Problem)) {
      const level = problem.status === 503 ? 'warn' : 'error';
      log[level]('A request failed.', {
        request_id: requestId(response),
        method: request.method,
        path: shownPath(request),
        error,
      });
    }
    // The response has begun, so it cannot become a problem document: Express closes the connection.
    if (response.headersSent) next(error);
    else sendProblem(response, problem);
  };
}

function sendProblem(response: Response, { status, title, more }: Problem): void {
  response
    .status(status)
    .set(more.headers ?? {})
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title,
        status,
        detail: more.detail,
        errors: more.errors,
        ...more.extensions,
        request_id: requestId(response),
      }),
    );
}
