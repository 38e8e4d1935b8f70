import { setTimeout as wait } from 'node:timers/promises';
import { sendRedisCommand } from '../nemesis/redis.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisFlushed: Scenario = {
  name: 'redis-flushed',
  description: 'FLUSHALL at random times under load deletes every job, while workers and APIs keep running',
  isSelected: true,
  async run(context) {
    const flushes = context.isShort ? 3 : 10;
    const system = await startSystem(context);
    const load = system.startLoad();
    for (let flush = 0; flush < flushes; flush += 1) {
      await wait(context.random.between(500, 2500));
      await sendRedisCommand(system.redis.url, 'FLUSHALL');
      // Leases are in PostgreSQL, so a lost job causes no duplicate.
      system.recordCrash({ name: 'FLUSHALL' });
    }
    await load.stop();
    return system.drainAndJudge();
  },
};
