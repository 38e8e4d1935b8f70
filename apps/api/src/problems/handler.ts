import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '@tidings/runtime/logging';
import { requestId } from '../http/request-id.js';
import { Problem } from './problem.js';
import { toProblem } from './to-problem.js';

/** Answers every error with a problem document, and logs those that are faults of ours. */
export function problemHandler(log: Pick<Logger, 'error'>): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem =
      toProblem(error) ?? new Problem(500, 'Internal error', { detail: 'Quote the request_id when you report it.' });
    // A problem that was thrown as one says what is wrong, such as "not ready": no fault of the code.
    if (problem.status >= 500 && !(error instanceof Problem)) {
      log.error('A request failed.', { request_id: requestId(response), method: request.method, path: request.path, error });
    }
    // The answer had begun: all that is left is to break it off.
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
        request_id: requestId(response),
      }),
    );
}
