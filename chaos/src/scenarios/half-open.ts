import { setTimeout as wait } from 'node:timers/promises';
import { startRoutes, type Routes } from '../nemesis/routes.js';
import type { Proxy } from '../proxy.js';
import type { Scenario } from '../stage.js';
import { CONCURRENCY } from '../system.js';

const SILENCE_S = 6;
/** After so long every statement that waits for an answer has given up on its connection (11 s), and tries another one. */
const NOTICE_MS = 12_000;

export const halfOpen: Scenario = {
  name: 'half-open',
  describe:
    'connections lose every byte in silence, and are never reset: to PostgreSQL, Redis, the receivers; new ones get through later',
  async run(stage) {
    const { system, routes } = await startRoutes(stage);
    const load = system.load();
    for (const [name, proxy] of Object.entries(routes) as [keyof Routes, Proxy][]) {
      await wait(1500);
      proxy.silence();
      // Those whose connections stay dead notice it by their own time limits, so the fault goes on beyond the silence.
      const over = system.fault({
        name: `the connections to ${name} are half open`,
        interrupts: name === 'redis' ? 0 : CONCURRENCY * system.processes.workers.length,
      });
      await wait(stage.seconds(SILENCE_S) * 1000);
      proxy.heal('keep');
      await wait(NOTICE_MS);
      over();
    }
    await wait(2000);
    await load.stop();
    return system.settle();
  },
};
