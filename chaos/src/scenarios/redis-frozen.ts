import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisFrozen: Scenario = {
  name: 'redis-frozen',
  description: 'Redis is stopped (SIGSTOP) under load for 60 s: it accepts connections and commands, and answers nothing',
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    await wait(2000);
    const pid = system.redis.pid();
    process.kill(pid, 'SIGSTOP');
    // BullMQ's locks expire, but the leases in PostgreSQL decide which worker may send: there may be no duplicate.
    const endFault = system.startFault({ name: 'Redis is frozen' });
    await wait(context.seconds(60) * 1000);
    process.kill(pid, 'SIGCONT');
    endFault();
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
