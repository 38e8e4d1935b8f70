import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';

export const rollingRestarts: Scenario = {
  name: 'rolling-restarts',
  description: 'every worker and API is replaced under load, one after the other, and stopped with SIGTERM',
  isSelected: true,
  async run(context) {
    const rounds = context.isShort ? 1 : 3;
    const system = await startSystem(context, { workers: 2, apis: 2 });
    const { processes } = system;
    const problems: string[] = [];
    const load = system.startLoad();
    for (let round = 0; round < rounds; round += 1) {
      for (const [kind, old] of [
        ...processes.workers.map((worker) => ['worker', worker] as const),
        ...processes.apis.map((api) => ['API', api] as const),
      ]) {
        await wait(context.random.between(300, 1200));
        if (kind === 'worker') await processes.addWorker();
        else await processes.addApi();
        // No more requests go to it, as after its removal from a load balancer.
        processes.remove(old);
        // The ledger gets no fault: a deployment must cause no duplicate.
        context.log(`${kind}: SIGTERM`);
        const code = await old.stop('SIGTERM');
        if (code !== 0) problems.push(`a stopped ${kind} ended with ${code === null ? 'a signal' : `exit code ${String(code)}`}`);
      }
    }
    await load.stop();
    const broken = system.publisher.replies.filter(({ status }) => status !== 200 && status !== 202).length;
    if (broken > 0) problems.push(`${String(broken)} publish requests failed`);
    const verdict = await system.drainAndJudge();
    verdict.violations.push(...problems);
    return verdict;
  },
};
