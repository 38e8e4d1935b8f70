/** The code of each {@link SessionError}. */
const SESSION_ERROR = 'TIDINGS_SESSION';

/** A session cannot have what the statements rely on. The message says why, and what to do; it repeats no part of a URL. */
export class SessionError extends Error {
  /** For the classification of failures: no SQLSTATE, and no code of a socket. */
  readonly code = SESSION_ERROR;

  constructor(
    message: string,
    /** Whether only another configuration helps. A schema that is missing may still come, by a migration. */
    readonly isPermanent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SessionError';
  }
}
