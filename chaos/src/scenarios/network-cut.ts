import { setTimeout as wait } from 'node:timers/promises';
import { startProxiedSystem, type Proxies } from '../nemesis/proxied-system.js';
import type { Proxy } from '../proxy.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, type System } from '../system.js';

const CUT_S = 5;

export const networkCut: Scenario = {
  name: 'network-cut',
  description: 'connections to PostgreSQL, then to Redis, then to the receivers are reset and refused for a while',
  async run(context) {
    const { system, proxies } = await startProxiedSystem(context);
    const load = system.startLoad();
    for (const [name, proxy] of Object.entries(proxies) as [keyof Proxies, Proxy][]) {
      await wait(1500);
      proxy.cut();
      const endFault = system.startFault({ name: `the network to ${name} is cut`, interrupts: interrupted(name, system) });
      await wait(context.seconds(CUT_S) * 1000);
      proxy.heal();
      endFault();
    }
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};

/** Requests in flight while PostgreSQL or the receivers are unreachable may arrive twice; Redis has no effect on that. */
function interrupted(name: keyof Proxies, { processes }: System): number {
  return name === 'redis' ? 0 : CONCURRENCY * processes.workers.length;
}
