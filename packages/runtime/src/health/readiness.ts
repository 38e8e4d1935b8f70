/** Something that a process needs: resolves when it answers. */
export type Reachable = () => Promise<unknown>;

export interface Readiness {
  ready: boolean;
  /** Each part: `ok`, or why it is not. */
  checks: Record<string, string>;
}

/**
 * Asks each part at once whether it answers.
 *
 * @param timeoutMs what has not answered by then counts as unreachable; default 2,000
 */
export async function checkReadiness(parts: Readonly<Record<string, Reachable>>, timeoutMs = 2000): Promise<Readiness> {
  const checks = await Promise.all(
    Object.entries(parts).map(async ([name, reach]) => [name, await answers(reach, timeoutMs)] as const),
  );
  return { ready: checks.every(([, state]) => state === 'ok'), checks: Object.fromEntries(checks) };
}

async function answers(reach: Reachable, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${String(timeoutMs)} ms`);
    }, timeoutMs);
  });
  // Why it failed goes to the log of the part itself: an error's text may name hosts and users.
  const answer = reach().then(
    () => 'ok',
    () => 'unreachable',
  );
  return Promise.race([answer, timeout]).finally(() => {
    clearTimeout(timer);
  });
}
