const POLL_MS = 20;

/**
 * Tries until the check no longer throws, and answers with what it returned.
 * After the deadline it throws what the check threw last.
 *
 * @param deadlineMs how long to keep trying, in milliseconds; default 15,000
 */
export async function eventually<Result>(check: () => Result | Promise<Result>, deadlineMs = 15_000): Promise<Result> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
