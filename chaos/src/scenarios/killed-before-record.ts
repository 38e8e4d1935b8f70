import { dieAtFailpoints } from '../nemesis/failpoints.js';
import { replaceWhenEnded } from '../nemesis/kill.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 30_000;

export const killedBeforeRecord: Scenario = {
  name: 'killed-before-record',
  describe: 'a worker dies when it has sent, before the commit that records it; then one right after that commit',
  isSelected: true,
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    const failpoints = { statement: 'record_attempts', moments: ['before', 'after'], within: 40 } as const;
    const violations = await dieAtFailpoints(stage, failpoints, async (env) => {
      const worker = await system.processes.addWorker(env);
      const reached = await replaceWhenEnded(system, worker, DEADLINE_MS);
      // Two were there, one came and died, one replaced it: back to two.
      await system.processes.workers[0]?.stop();
      if (system.processes.workers[0]) system.processes.forget(system.processes.workers[0]);
      return reached;
    });
    await load.stop();
    const verdict = await system.settle();
    verdict.violations.push(...violations);
    return verdict;
  },
};
