const POLL_MS = 20;

/**
 * Calls `check` every 20 ms until it no longer throws, and returns its result.
 * After the deadline it throws the last error of `check`.
 *
 * @param deadlineMs in milliseconds; default 30,000
 */
export async function eventually<Result>(check: () => Result | Promise<Result>, deadlineMs = 30_000): Promise<Result> {
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
