import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { restartPostgres } from '../nemesis/postgres.js';
import { startSystem } from '../system.js';

export const postgresRestarted: Scenario = {
  name: 'postgres-restarted',
  describe: 'PostgreSQL is shut down at once (immediate: no checkpoint), and started again on its log',
  isSelected: true,
  async run(stage) {
    const restarts = stage.isShort ? 1 : 5;
    const postgres = await stage.startPostgres();
    const system = await startSystem(stage, { postgres });
    const load = system.load();
    for (let restart = 0; restart < restarts; restart += 1) {
      await wait(stage.random.between(1500, 4000));
      await restartPostgres(system);
    }
    await wait(1500);
    await load.stop();
    return system.settle();
  },
};
