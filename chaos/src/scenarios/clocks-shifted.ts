import { setTimeout as wait } from 'node:timers/promises';
import { lacksFaketime, shiftedClock } from '../nemesis/clock.js';
import { killWorker } from '../nemesis/kill.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const clocksShifted: Scenario = {
  name: 'clocks-shifted',
  describe: 'one worker is an hour ahead, another an hour behind, a third one right; then the one that is ahead is killed',
  lacks: lacksFaketime,
  async run(stage) {
    const system = await startSystem(stage, { workers: [shiftedClock('-1h'), {}] });
    const ahead = await system.processes.addWorker(shiftedClock('+1h'));
    const load = system.load();
    await wait(stage.seconds(15) * 1000);
    // What it put off by its own clock must not wait for an hour.
    await killWorker(system, ahead);
    await load.stop();
    return system.settle();
  },
};
