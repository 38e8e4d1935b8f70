import type { Problem } from '@tidings/client';
import { EXIT, Failure } from './failure.js';

/** Formats a problem document: title and detail, one line for each wrong field, and advice for 401 and 403. */
function problemText(status: number, problem: Partial<Problem>): string {
  const summary = [problem.title, problem.detail].filter((text) => text !== undefined && text !== '').join('. ');
  const lines = [`${String(status)} ${summary || 'The server gave no reason.'}`];
  lines.push(...(problem.errors ?? []).map(({ field, message }) => `  ${field || '(the body)'}: ${message}`));
  const advice = ADVICE[status];
  if (advice !== undefined) lines.push(advice);
  return lines.join('\n');
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'The server does not accept the token: it is wrong, expired or revoked. Set TIDINGS_TOKEN or --token to a new one.',
  403: 'Use a token that has this permission: "npx tidings token --sub alice --scope events:publish" creates one for development.',
};

/** Converts an error response into a failure: exit code 3 below 500, and 4 from 500 on, when a retry may succeed. */
export function refusal(status: number, body: unknown): Failure {
  const problem = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const exitCode = status >= 500 ? EXIT.unreachable : EXIT.refused;
  return new Failure(exitCode, problemText(status, problem), { status, problem });
}
