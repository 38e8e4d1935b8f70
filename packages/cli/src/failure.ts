/** Exit codes. Scripts rely on them: docs/cli.md describes them. */
export const EXIT = {
  ok: 0,
  /** The result is negative: an invalid signature, a failed test or check. */
  failed: 1,
  /** The command is wrong: an unknown option, a missing token, a missing file. */
  usage: 2,
  /** The server refused the request (400 to 499). Its response gives the reason. */
  refused: 3,
  /** No response, or a server error (500 and above). The same command may succeed later. */
  unreachable: 4,
} as const;

/** One of the values of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an exit code. The message names the problem and the remedy; an empty message prints nothing. */
export class Failure extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** Further fields of the error for `--json`. */
    readonly details: object = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'Failure';
  }
}

/** Creates a failure with exit code 2: the command is wrong. */
export function usageError(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

/**
 * Returns the reason of an error in one line, without a full stop. An `AggregateError` of several connection attempts has no
 * message: the reasons of its errors are joined.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  if (!(error instanceof Error)) return String(error);
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  return error.message.replace(/[.]$/, '') || ('code' in error ? String(error.code) : error.name);
}
