import { setTimeout as wait } from 'node:timers/promises';
import { commandRedis } from '../nemesis/redis.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const redisFlushed: Scenario = {
  name: 'redis-flushed',
  describe: 'FLUSHALL at random times under load: every job is gone, while workers and APIs go on',
  isSelected: true,
  async run(stage) {
    const flushes = stage.isShort ? 3 : 10;
    const system = await startSystem(stage);
    const load = system.load();
    for (let flush = 0; flush < flushes; flush += 1) {
      await wait(stage.random.between(500, 2500));
      await commandRedis(system.redis.url, 'FLUSHALL');
      // A lost job is one that nobody has begun: nothing comes twice for it.
      system.crash({ name: 'FLUSHALL' });
    }
    await load.stop();
    return system.settle();
  },
};
