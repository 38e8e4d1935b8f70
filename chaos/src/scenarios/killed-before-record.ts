import { killAtFailpoints } from '../nemesis/failpoints.js';
import { replaceAfterExit } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 30_000;

export const killedBeforeRecord: Scenario = {
  name: 'killed-before-record',
  description: 'a worker dies after it sends, before the commit that records the attempt; then another dies after that commit',
  isSelected: true,
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    const failpoints = { statement: 'record_attempts', sides: ['before', 'after'], maxOccurrence: 40 } as const;
    const violations = await killAtFailpoints(context, failpoints, async (env) => {
      const worker = await system.processes.addWorker(env);
      const reached = await replaceAfterExit(system, worker, DEADLINE_MS);
      // Back to two workers: the dead one was a third, and has been replaced.
      await system.processes.workers[0]?.stop();
      if (system.processes.workers[0]) system.processes.remove(system.processes.workers[0]);
      return reached;
    });
    await load.stop();
    const verdict = await system.drainAndJudge();
    verdict.violations.push(...violations);
    return verdict;
  },
};
