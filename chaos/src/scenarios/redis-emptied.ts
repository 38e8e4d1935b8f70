import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const redisEmptied: Scenario = {
  name: 'redis-emptied',
  describe: 'Redis is killed (SIGKILL) under load, and comes back at the same address with nothing in it',
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    await wait(2000);
    await system.redis.stop('SIGKILL');
    const over = system.fault({ name: 'Redis is away, and its data with it' });
    system.redis.empty();
    await wait(stage.seconds(5) * 1000);
    await system.redis.start();
    over();
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};
