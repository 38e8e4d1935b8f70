import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY, LEASE_MS, startSystem } from '../system.js';

/** A resumed worker sends the deliveries that it had claimed before, and does not know that its leases have expired. */
const SEND_AFTER_RESUME_MS = 1000;

export const workerPaused: Scenario = {
  name: 'worker-paused',
  description: 'one of two workers is stopped (SIGSTOP) for longer than its leases last, and then resumed; 3 times',
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    for (let pause = 0; pause < 3; pause += 1) {
      await wait(context.random.between(1000, 3000));
      const { pid } = context.random.pick(system.processes.workers);
      process.kill(pid, 'SIGSTOP');
      const endFault = system.startFault({ name: 'a worker is paused', interrupts: CONCURRENCY });
      await wait(2 * LEASE_MS);
      process.kill(pid, 'SIGCONT');
      await wait(SEND_AFTER_RESUME_MS);
      endFault();
    }
    await load.stop();
    return system.drainAndJudge();
  },
};
