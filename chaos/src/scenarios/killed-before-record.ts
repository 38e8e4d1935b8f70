import { replaceWhenEnded } from '../nemesis/kill.js';
import { preload } from '../preload/environment.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 30_000;

export const killedBeforeRecord: Scenario = {
  name: 'killed-before-record',
  describe: 'a worker dies when it has sent, before the commit that records it; then one right after that commit',
  isSelected: true,
  async run(stage) {
    const deaths = stage.isShort ? 2 : 10;
    const system = await startSystem(stage);
    const load = system.load();
    let reached = 0;
    for (let death = 0; death < deaths; death += 1) {
      for (const moment of ['before', 'after']) {
        const failpoint = `record_attempts:${moment}:${String(stage.random.whole(1, 40))}`;
        const worker = await system.processes.addWorker(preload({ failpoint, sabotage: stage.sabotage }));
        if (await replaceWhenEnded(system, worker, DEADLINE_MS)) reached += 1;
        // Two were there, one came and died, one replaced it: back to two.
        await system.processes.workers[0]?.stop();
        if (system.processes.workers[0]) system.processes.forget(system.processes.workers[0]);
      }
    }
    await load.stop();
    const verdict = await system.settle();
    if (reached < 2 * deaths) verdict.violations.push(`only ${String(reached)} of ${String(2 * deaths)} failpoints were reached`);
    return verdict;
  },
};
