/** What the exit codes mean. Scripts rely on them: docs/cli.md. */
export const EXIT = {
  ok: 0,
  /** The answer to what was asked is no: a signature that does not verify, a test or a check that failed. */
  failed: 1,
  /** The command was not understood: an option, a missing token, a file that is not there. */
  usage: 2,
  /** The server understood, and refused: its answer says why. */
  refused: 3,
  /** There was no answer, or the server said that it cannot answer now. The same command may succeed later. */
  unreachable: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an exit code. The message says what was wrong and what to do; an empty one adds nothing to what was printed. */
export class Failure extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** For `--json`: what a script may want to look at besides the message. */
    readonly details: object = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'Failure';
  }
}

/** The command was not understood. */
export function wrongUsage(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

/** Why something failed, in one line: several attempts to connect come as one error without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  if (!(error instanceof Error)) return String(error);
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  return error.message.replace(/[.]$/, '') || ('code' in error ? String(error.code) : error.name);
}
