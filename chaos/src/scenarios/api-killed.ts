import { setTimeout as wait } from 'node:timers/promises';
import { killApi } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const apiKilled: Scenario = {
  name: 'api-killed',
  description: 'one of two APIs is killed (SIGKILL) while it answers requests, and replaced; 20 times (4 in the short form)',
  isSelected: true,
  async run(context) {
    const kills = context.isShort ? 4 : 20;
    const system = await startSystem(context, { apis: 2 });
    const load = system.startLoad();
    for (let kill = 0; kill < kills; kill += 1) {
      await wait(context.random.between(200, 1500));
      await killApi(system, context.random.pick(system.processes.apis));
      await system.processes.addApi();
    }
    await load.stop();
    return system.drainAndJudge();
  },
};
