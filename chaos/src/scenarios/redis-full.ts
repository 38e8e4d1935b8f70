import { setTimeout as wait } from 'node:timers/promises';
import { commandRedis } from '../nemesis/redis.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const redisFull: Scenario = {
  name: 'redis-full',
  describe: 'Redis is out of memory (noeviction): every command that writes is refused, until there is memory again',
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    await wait(2000);
    await commandRedis(system.redis.url, 'CONFIG', 'SET', 'maxmemory', '1');
    const over = system.fault({ name: 'Redis is full' });
    await wait(stage.seconds(15) * 1000);
    await commandRedis(system.redis.url, 'CONFIG', 'SET', 'maxmemory', '0');
    over();
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};
