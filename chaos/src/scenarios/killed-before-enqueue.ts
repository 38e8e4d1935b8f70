import { setTimeout as wait } from 'node:timers/promises';
import { dieAtFailpoints } from '../nemesis/failpoints.js';
import { endsWithin } from '../nemesis/kill.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 20_000;

export const killedBeforeEnqueue: Scenario = {
  name: 'killed-before-enqueue',
  describe: 'an API dies when it has committed events, before it enqueues them or answers; then one before that commit',
  isSelected: true,
  async run(stage) {
    const system = await startSystem(stage);
    const load = system.load();
    const failpoints = { statement: 'accept_events', moments: ['after', 'before'], within: 20 } as const;
    const violations = await dieAtFailpoints(stage, failpoints, async (env, moment) => {
      const api = await system.processes.addApi(env);
      const reached = await endsWithin(api, DEADLINE_MS);
      system.processes.forget(api);
      system.crash({ name: `an API died ${moment} its commit` });
      return reached;
    });
    await wait(500);
    await load.stop();
    // Whoever was not answered hands it in again, with the same ids: some of it is in the log already.
    await system.publisher.repeat();
    const verdict = await system.settle();
    verdict.violations.push(...violations);
    return verdict;
  },
};
