import { preload } from '../preload/environment.js';
import type { Stage } from '../stage.js';

interface Failpoints {
  /** The name of the statement at which processes die. */
  statement: string;
  /** On which side of it, one after the other. */
  moments: readonly ('before' | 'after')[];
  /** At the latest when the statement comes for the so-manieth time. */
  within: number;
}

/**
 * Has processes die at a statement, again and again. Answers with what is to be said when one of them did not get there.
 *
 * @param die starts a process with this in its environment; false: it has not died in time
 */
export async function dieAtFailpoints(
  stage: Stage,
  { statement, moments, within }: Failpoints,
  die: (env: NodeJS.ProcessEnv, moment: 'before' | 'after') => Promise<boolean>,
): Promise<string[]> {
  const planned = (stage.isShort ? 2 : 10) * moments.length;
  let reached = 0;
  for (let death = 0; death < planned; death += 1) {
    const moment = moments[death % moments.length] ?? 'before';
    const failpoint = `${statement}:${moment}:${String(stage.random.whole(1, within))}`;
    if (await die(preload({ failpoint, sabotage: stage.sabotage }), moment)) reached += 1;
  }
  return reached < planned ? [`only ${String(reached)} of ${String(planned)} failpoints were reached`] : [];
}
