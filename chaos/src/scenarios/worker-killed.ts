import { setTimeout as wait } from 'node:timers/promises';
import { killWorker } from '../nemesis/kill.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const workerKilled: Scenario = {
  name: 'worker-killed',
  describe: 'one of two workers is killed (SIGKILL) at a random time, and replaced; 20 times (4 in the short form)',
  isSelected: true,
  async run(stage) {
    const kills = stage.isShort ? 4 : 20;
    const system = await startSystem(stage);
    const load = system.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(stage.random.between(200, 2500));
      await killWorker(system, stage.random.pick(system.processes.workers));
      await system.processes.addWorker();
    }
    await load.stop();
    return system.settle();
  },
};
