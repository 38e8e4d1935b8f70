import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const redisFrozen: Scenario = {
  name: 'redis-frozen',
  describe: 'Redis is stopped (SIGSTOP) under load for 60 s: it takes connections and commands, and answers nothing',
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    await wait(2000);
    const pid = system.redis.pid();
    process.kill(pid, 'SIGSTOP');
    // BullMQ's locks run out meanwhile; the leases in PostgreSQL are what counts, so nothing may come twice.
    const over = system.fault({ name: 'Redis is frozen' });
    await wait(stage.seconds(60) * 1000);
    process.kill(pid, 'SIGCONT');
    over();
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};
