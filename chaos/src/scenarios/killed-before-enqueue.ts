import { setTimeout as wait } from 'node:timers/promises';
import { endsWithin } from '../nemesis/kill.js';
import { preload } from '../preload/environment.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 20_000;

export const killedBeforeEnqueue: Scenario = {
  name: 'killed-before-enqueue',
  describe: 'an API dies when it has committed events, before it enqueues them or answers; then one before that commit',
  isSelected: true,
  async run(stage) {
    const deaths = stage.isShort ? 2 : 10;
    const system = await startSystem(stage);
    const load = system.load();
    let reached = 0;
    for (let death = 0; death < deaths; death += 1) {
      for (const moment of ['after', 'before']) {
        const failpoint = `accept_events:${moment}:${String(stage.random.whole(1, 20))}`;
        const api = await system.processes.addApi(preload({ failpoint, sabotage: stage.sabotage }));
        if (await endsWithin(api, DEADLINE_MS)) reached += 1;
        system.processes.forget(api);
        system.crash({ name: `an API died ${moment} its commit` });
      }
    }
    await wait(500);
    await load.stop();
    // Whoever was not answered hands it in again, with the same ids: some of it is in the log already.
    await system.publisher.repeat();
    const verdict = await system.settle();
    if (reached < 2 * deaths) verdict.violations.push(`only ${String(reached)} of ${String(2 * deaths)} failpoints were reached`);
    return verdict;
  },
};
