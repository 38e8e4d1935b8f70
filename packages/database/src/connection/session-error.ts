import type { Queryable } from '../database.js';

/** A session cannot have what the statements rely on. The message says why, and what to do; it repeats no part of a URL. */
export class SessionError extends Error {
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

/**
 * Throws a {@link SessionError} when the sessions of this pool can never be used as they are configured. Any other failure, such as
 * a server that is away, is left to the statements.
 */
export async function refuseUnusable(sql: Queryable): Promise<void> {
  await sql.query('SELECT').catch((error: unknown) => {
    if (error instanceof SessionError && error.isPermanent) throw error;
  });
}
