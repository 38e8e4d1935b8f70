import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';

export const rollingRestarts: Scenario = {
  name: 'rolling-restarts',
  describe: 'every worker and API is replaced under load, one after the other, each asked to stop (SIGTERM)',
  isSelected: true,
  async run(stage) {
    const rounds = stage.isShort ? 1 : 3;
    const system = await startSystem(stage, { workers: 2, apis: 2 });
    const { processes } = system;
    const problems: string[] = [];
    const load = system.load();
    for (let round = 0; round < rounds; round += 1) {
      for (const [kind, old] of [
        ...processes.workers.map((worker) => ['worker', worker] as const),
        ...processes.apis.map((api) => ['API', api] as const),
      ]) {
        await wait(stage.random.between(300, 1200));
        if (kind === 'worker') await processes.addWorker();
        else await processes.addApi();
        // Nobody sends to it from now on, as behind a load balancer.
        processes.forget(old);
        // A deployment is no fault: nothing may come twice for it, so none goes into the ledger.
        stage.note(`${kind}: SIGTERM`);
        const code = await old.stop('SIGTERM');
        if (code !== 0) problems.push(`a stopped ${kind} ended with ${code === null ? 'a signal' : `exit code ${String(code)}`}`);
      }
    }
    await load.stop();
    const broken = system.publisher.replies.filter(({ status }) => status !== 200 && status !== 202).length;
    if (broken > 0) problems.push(`${String(broken)} requests to publish failed`);
    const verdict = await system.settle();
    verdict.violations.push(...problems);
    return verdict;
  },
};
