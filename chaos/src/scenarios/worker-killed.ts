import { setTimeout as wait } from 'node:timers/promises';
import { killWorker } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const workerKilled: Scenario = {
  name: 'worker-killed',
  description: 'one of two workers is killed (SIGKILL) at a random time, and replaced; 20 times (4 in the short form)',
  isSelected: true,
  async run(context) {
    const kills = context.isShort ? 4 : 20;
    const system = await startSystem(context);
    const load = system.startLoad();
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(context.random.between(200, 2500));
      await killWorker(system, context.random.pick(system.processes.workers));
      await system.processes.addWorker();
    }
    await load.stop();
    return system.drainAndJudge();
  },
};
