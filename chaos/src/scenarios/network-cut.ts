import { setTimeout as wait } from 'node:timers/promises';
import { startRoutes, type Routes } from '../nemesis/routes.js';
import type { Proxy } from '../proxy.js';
import type { Scenario } from '../stage.js';
import { CONCURRENCY, type System } from '../system.js';

const CUT_S = 5;

export const networkCut: Scenario = {
  name: 'network-cut',
  describe: 'connections are reset and refused for a while: to PostgreSQL, to Redis, to the receivers, one after the other',
  async run(stage) {
    const { system, routes } = await startRoutes(stage);
    const load = system.load();
    for (const [name, proxy] of Object.entries(routes) as [keyof Routes, Proxy][]) {
      await wait(1500);
      proxy.cut();
      const over = system.fault({ name: `the network to ${name} is cut`, interrupts: interrupted(name, system) });
      await wait(stage.seconds(CUT_S) * 1000);
      proxy.heal();
      over();
    }
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};

/** What is under way when PostgreSQL or the receivers can't be reached may come twice; Redis has no say in it. */
function interrupted(name: keyof Routes, { processes }: System): number {
  return name === 'redis' ? 0 : CONCURRENCY * processes.workers.length;
}
