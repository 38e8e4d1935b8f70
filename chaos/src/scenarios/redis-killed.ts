import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const redisKilled: Scenario = {
  name: 'redis-killed',
  describe: 'Redis is killed (SIGKILL) under load, stays away for a while, and comes back with what its file has',
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    await wait(2000);
    await system.redis.stop('SIGKILL');
    // Leases are PostgreSQL's: what is under way is recorded, whether or not Redis hears of it.
    const over = system.fault({ name: 'Redis is away' });
    await wait(stage.seconds(10) * 1000);
    await system.redis.start();
    over();
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};
