import { setTimeout as wait } from 'node:timers/promises';
import { killApi } from '../nemesis/kill.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const apiKilled: Scenario = {
  name: 'api-killed',
  describe: 'one of two APIs is killed (SIGKILL) while it answers requests, and replaced; 20 times (4 in the short form)',
  isSelected: true,
  async run(stage) {
    const kills = stage.isShort ? 4 : 20;
    const system = await startSystem(stage, { apis: 2 });
    const load = system.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(stage.random.between(200, 1500));
      await killApi(system, stage.random.pick(system.processes.apis));
      await system.processes.addApi();
    }
    await load.stop();
    return system.settle();
  },
};
