import { setTimeout as wait } from 'node:timers/promises';
import { missingFaketime, shiftedClock } from '../nemesis/clock.js';
import { killWorker } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const clocksShifted: Scenario = {
  name: 'clocks-shifted',
  description:
    'the clock of one worker is an hour ahead, of another an hour behind, of a third correct; the first is then killed',
  missingRequirement: missingFaketime,
  async run(context) {
    const system = await startSystem(context, { workers: [shiftedClock('-1h'), {}] });
    const ahead = await system.processes.addWorker(shiftedClock('+1h'));
    const load = system.startLoad();
    await wait(context.seconds(15) * 1000);
    // Retries that it scheduled by its clock must not wait for an hour.
    await killWorker(system, ahead);
    await load.stop();
    return system.drainAndJudge();
  },
};
