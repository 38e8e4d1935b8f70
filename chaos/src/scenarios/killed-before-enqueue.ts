import { setTimeout as wait } from 'node:timers/promises';
import { killAtFailpoints } from '../nemesis/failpoints.js';
import { exitsWithin } from '../nemesis/kill.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

const DEADLINE_MS = 20_000;

export const killedBeforeEnqueue: Scenario = {
  name: 'killed-before-enqueue',
  description: 'an API dies after it commits events, before it enqueues them or answers; then another dies before that commit',
  isSelected: true,
  async run(context) {
    const system = await startSystem(context);
    const load = system.startLoad();
    const failpoints = { statement: 'accept_events', sides: ['after', 'before'], maxOccurrence: 20 } as const;
    const violations = await killAtFailpoints(context, failpoints, async (env, side) => {
      const api = await system.processes.addApi(env);
      const reached = await exitsWithin(api, DEADLINE_MS);
      system.processes.remove(api);
      system.recordCrash({ name: `an API died ${side} its commit` });
      return reached;
    });
    await wait(500);
    await load.stop();
    // Services publish unanswered events again with the same ids: some of these events are in the log already.
    await system.publisher.republishUnsure();
    const verdict = await system.drainAndJudge();
    verdict.violations.push(...violations);
    return verdict;
  },
};
