import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisKilled: Scenario = {
  name: 'redis-killed',
  description: 'Redis is killed (SIGKILL) under load, and restarts later with the data of its append-only file',
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    await wait(2000);
    await system.redis.stop('SIGKILL');
    // Leases are in PostgreSQL: requests in flight are recorded, with or without Redis.
    const endFault = system.startFault({ name: 'Redis is down' });
    await wait(context.seconds(10) * 1000);
    await system.redis.start();
    endFault();
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
