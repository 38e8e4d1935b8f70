import { setTimeout as wait } from 'node:timers/promises';
import type { Behaviour } from '../receiver.js';
import type { Scenario } from '../stage.js';
import { startSystem } from '../system.js';
import { pathOf, usualWebhooks } from '../webhooks.js';

const ATTEMPTS = 5;

const serverError: Behaviour = () => ({ status: 500, afterMs: 2 });

/** Ways to fail that need no network: a server error, one that is overloaded, one that is not found, and silence. */
const FAILURES: readonly Behaviour[] = [
  serverError,
  () => ({ status: 503, afterMs: 50 }),
  () => ({ status: 404, afterMs: 2 }),
  () => ({ status: null, afterMs: 0 }),
];

export const halfFailing: Scenario = {
  name: 'half-failing',
  describe:
    'half of the receivers fail (500, 503, 404, and silence, which opens a circuit): each event gets 5 attempts there, and 1 elsewhere',
  async run(stage) {
    const healthy = usualWebhooks(stage.random);
    const webhooks = healthy.map((plan, index) =>
      index % 2 === 0 ? plan : { ...plan, behaviour: FAILURES[(index - 1) / 2] ?? plan.behaviour },
    );
    const system = await startSystem(stage, { webhooks, env: { DELIVERY_ATTEMPTS: String(ATTEMPTS) } });
    const load = system.load();
    await wait(stage.seconds(15) * 1000);
    await load.stop();
    // While its circuit is open, deliveries use up no attempts: they have to hear something.
    webhooks.forEach(({ behaviour }, index) => {
      if (behaviour === FAILURES.at(-1)) system.receivers.behave(pathOf(index), serverError);
    });
    const verdict = await system.settle({ deadlineMs: 120_000 });
    const failed = system.ledger.arrivals.filter(({ status }) => status === null || status >= 400).length;
    verdict.notes = [`${String(failed)} of ${String(system.ledger.arrivals.length)} requests failed`];
    return verdict;
  },
};
