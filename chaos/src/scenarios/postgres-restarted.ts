import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { restartPostgres } from '../nemesis/postgres.js';
import { startSystem } from '../system.js';

export const postgresRestarted: Scenario = {
  name: 'postgres-restarted',
  description: 'PostgreSQL is stopped without a checkpoint (mode immediate), and started again with the same data',
  isSelected: true,
  async run(context) {
    const restarts = context.isShort ? 1 : 5;
    const postgres = await context.startPostgres();
    const system = await startSystem(context, { postgres });
    const load = system.startLoad();
    for (let restart = 0; restart < restarts; restart += 1) {
      await wait(context.random.between(1500, 4000));
      await restartPostgres(system);
    }
    await wait(1500);
    await load.stop();
    return system.drainAndJudge();
  },
};
