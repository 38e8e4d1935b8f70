import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startRedis } from '@tidings/local';
import { failOverRedis, sendRedisCommand } from '../nemesis/redis.js';
import { startProxy } from '../proxy.js';
import type { Scenario, ScenarioContext } from '../scenario.js';
import { startSystem } from '../system.js';

const MOVES_WITHIN_MS = 3000;

export const redisFailover: Scenario = {
  name: 'redis-failover',
  description:
    'a replica of Redis takes over, and back (FAILOVER): all connections stay open, and the address moves a little later',
  async run(context) {
    const master = await context.startRedis();
    const replica = await startReplica(context, master.url);
    const addressOf = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
    const proxy = await startProxy(addressOf(master.url));
    context.cleanup.add(() => proxy.stop());
    const system = await startSystem(context, { redis: master, via: { redis: proxy.url } });
    const load = system.startLoad();
    for (const [from, to] of [
      [master.url, replica],
      [replica, master.url],
    ] as const) {
      await wait(2000);
      const endFault = system.startFault({ name: 'Redis fails over' });
      await failOverRedis(from);
      // As with a name, whose new address only new connections get.
      await wait(context.random.integer(0, MOVES_WITHIN_MS));
      proxy.redirect(addressOf(to));
      await wait(context.seconds(5) * 1000);
      endFault();
    }
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};

/** Starts a replica with the same password. Returns its URL. */
async function startReplica({ folder, cleanup }: ScenarioContext, masterUrl: string): Promise<string> {
  const { port, password } = new URL(masterUrl);
  const atOnce = { 'repl-diskless-sync-delay': '0', 'shutdown-timeout': '0' };
  for (const [name, value] of Object.entries({ ...atOnce, masterauth: password })) {
    await sendRedisCommand(masterUrl, 'CONFIG', 'SET', name, value);
  }
  const replica = await startRedis({
    folder: join(folder, 'replica'),
    passwordFile: join(folder, 'redis', 'password'),
    settings: { replicaof: `127.0.0.1 ${port}`, masterauth: password, ...atOnce },
  });
  cleanup.add(() => replica.stop('SIGKILL'));
  return replica.url;
}
