const RETRY_MS = 1000;

/** Asks until there is an answer: PostgreSQL may come up after us. */
export async function retryUntilAvailable<Answer>(
  ask: () => Promise<Answer>,
  log: { warn: (message: string, details: object) => void },
): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      log.warn('PostgreSQL cannot be reached yet; trying again.', { error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
