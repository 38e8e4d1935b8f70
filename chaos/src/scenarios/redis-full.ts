import { setTimeout as wait } from 'node:timers/promises';
import { sendRedisCommand } from '../nemesis/redis.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisFull: Scenario = {
  name: 'redis-full',
  description: 'Redis is out of memory (noeviction), and refuses every write until it has memory again',
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    await wait(2000);
    await sendRedisCommand(system.redis.url, 'CONFIG', 'SET', 'maxmemory', '1');
    const endFault = system.startFault({ name: 'Redis is full' });
    await wait(context.seconds(15) * 1000);
    await sendRedisCommand(system.redis.url, 'CONFIG', 'SET', 'maxmemory', '0');
    endFault();
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
