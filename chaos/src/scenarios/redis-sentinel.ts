import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startRedisSentinel } from '@tidings/local';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const redisSentinel: Scenario = {
  name: 'redis-sentinel',
  description:
    'Sentinels let the replica of Redis take over; then the new master is killed (SIGKILL), and they let the other take over',
  async run(context) {
    const sentinels = await startRedisSentinel({ folder: join(context.folder, 'sentinels') });
    context.cleanup.add(() => sentinels.stop());
    const { url } = sentinels;
    const system = await startSystem(context, {
      redis: {
        url,
        pid: () => -1,
        stop: async (signal) => (await sentinels.master()).stop(signal),
        start: () => Promise.resolve(),
        deleteData: () => undefined,
      },
    });
    const load = system.startLoad();
    await wait(2000);
    const endFirst = system.startFault({ name: 'the Sentinels let the replica take over' });
    await sentinels.failOver();
    await wait(context.seconds(5) * 1000);
    endFirst();
    const endSecond = system.startFault({ name: 'the master is killed' });
    await system.redis.stop('SIGKILL');
    await wait(context.seconds(10) * 1000);
    endSecond();
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
