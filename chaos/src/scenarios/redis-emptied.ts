import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisEmptied: Scenario = {
  name: 'redis-emptied',
  description: 'Redis is killed (SIGKILL) under load, and restarts empty at the same address',
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    await wait(2000);
    await system.redis.stop('SIGKILL');
    const endFault = system.startFault({ name: 'Redis is down, and its data is lost' });
    system.redis.deleteData();
    await wait(context.seconds(5) * 1000);
    await system.redis.start();
    endFault();
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
