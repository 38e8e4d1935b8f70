const RETRY_MS = 1000;

/**
 * Runs a query until it succeeds, once a second, because PostgreSQL may start later than this process. Logs each failure and
 * returns the result of the query.
 */
export async function retryUntilAvailable<Result>(
  query: () => Promise<Result>,
  log: { warn: (message: string, details: object) => void },
): Promise<Result> {
  for (;;) {
    try {
      return await query();
    } catch (error) {
      log.warn('PostgreSQL cannot be reached yet; trying again.', { error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
