import { setTimeout as wait } from 'node:timers/promises';
import { startProxiedSystem, type Proxies } from '../nemesis/proxied-system.js';
import type { Proxy } from '../proxy.js';
import type { Scenario } from '../scenario.js';
import { CONCURRENCY } from '../system.js';

const SILENCE_S = 6;
/** Longer than the 11 s after which a statement without an answer closes its connection and uses another. */
const NOTICE_MS = 12_000;

export const halfOpen: Scenario = {
  name: 'half-open',
  description:
    'connections to PostgreSQL, Redis and the receivers drop every byte silently, and are never reset; new ones work later',
  async run(context) {
    const { system, proxies } = await startProxiedSystem(context);
    const load = system.startLoad();
    for (const [name, proxy] of Object.entries(proxies) as [keyof Proxies, Proxy][]) {
      await wait(1500);
      proxy.silence();
      // Processes notice dead connections by their timeouts, so the fault lasts longer than the silence.
      const endFault = system.startFault({
        name: `the connections to ${name} are half open`,
        interrupts: name === 'redis' ? 0 : CONCURRENCY * system.processes.workers.length,
      });
      await wait(context.seconds(SILENCE_S) * 1000);
      proxy.heal('keep');
      await wait(NOTICE_MS);
      endFault();
    }
    await wait(2000);
    await load.stop();
    return system.drainAndJudge();
  },
};
