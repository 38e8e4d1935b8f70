import type { Problem } from '@tidings/client';
import { EXIT, Failure } from './failure.js';

/** A refusal of the server, readably: its title and detail, each wrong field on a line of its own, and what to do about tokens. */
function problemText(status: number, problem: Partial<Problem>): string {
  const said = [problem.title, problem.detail].filter((text) => text !== undefined && text !== '').join('. ');
  const lines = [`${String(status)} ${said || 'The server refused, and did not say why.'}`];
  lines.push(...(problem.errors ?? []).map(({ field, message }) => `  ${field || '(the body)'}: ${message}`));
  const advice = ADVICE[status];
  if (advice !== undefined) lines.push(advice);
  return lines.join('\n');
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'The token is not valid here: wrong, ended or revoked. Set TIDINGS_TOKEN or --token to a new one.',
  403: 'Take a token that may do this: "npx tidings token --sub you --scope events:publish" makes one for development.',
};

/** A status that is no success, as a failure. From 500 on it may pass by itself. */
export function refusal(status: number, body: unknown): Failure {
  const problem = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const exitCode = status >= 500 ? EXIT.unreachable : EXIT.refused;
  return new Failure(exitCode, problemText(status, problem), { status, problem });
}
