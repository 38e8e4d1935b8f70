import { preload } from '../preload/environment.js';
import type { ScenarioContext } from '../scenario.js';

interface Failpoints {
  /** The name of the prepared statement at which processes die. */
  statement: string;
  /** The sides of the statement, used in turn. */
  sides: readonly ('before' | 'after')[];
  /** The process dies at a random occurrence of the statement, from 1 to this number. */
  maxOccurrence: number;
}

/**
 * Lets processes die at a statement, repeatedly: 2 times for each side in the short form, 10 in the long one. Returns a
 * violation when some did not reach their failpoint.
 *
 * @param startAndAwaitDeath starts a process with these environment variables; false: the process did not die in time
 */
export async function killAtFailpoints(
  context: ScenarioContext,
  { statement, sides, maxOccurrence }: Failpoints,
  startAndAwaitDeath: (env: NodeJS.ProcessEnv, side: 'before' | 'after') => Promise<boolean>,
): Promise<string[]> {
  const planned = (context.isShort ? 2 : 10) * sides.length;
  let reached = 0;
  for (let death = 0; death < planned; death += 1) {
    const side = sides[death % sides.length] ?? 'before';
    const failpoint = `${statement}:${side}:${String(context.random.integer(1, maxOccurrence))}`;
    if (await startAndAwaitDeath(preload({ failpoint, sabotage: context.sabotage }), side)) reached += 1;
  }
  return reached < planned ? [`only ${String(reached)} of ${String(planned)} failpoints were reached`] : [];
}
