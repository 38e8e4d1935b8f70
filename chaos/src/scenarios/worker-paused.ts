import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { CONCURRENCY, LEASE_MS, startSystem } from '../system.js';

/** A worker that goes on sends what it had claimed before, without knowing that its lease is gone. */
const GOES_ON_MS = 1000;

export const workerPaused: Scenario = {
  name: 'worker-paused',
  describe: 'one of two workers is stopped (SIGSTOP) for longer than its leases hold, and then goes on; 3 times',
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    for (let pause = 0; pause < 3; pause += 1) {
      await wait(stage.random.between(1000, 3000));
      const { pid } = stage.random.pick(system.processes.workers);
      process.kill(pid, 'SIGSTOP');
      const over = system.fault({ name: 'a worker is paused', interrupts: CONCURRENCY });
      await wait(2 * LEASE_MS);
      process.kill(pid, 'SIGCONT');
      await wait(GOES_ON_MS);
      over();
    }
    await load.stop();
    return system.settle();
  },
};
