import { setTimeout as wait } from 'node:timers/promises';
import type { Behaviour } from '../receivers.js';
import type { Scenario } from '../scenario.js';
import { startSystem } from '../system.js';
import { pathOf, usualWebhooks } from '../webhooks.js';

const ATTEMPTS = 5;

const serverError: Behaviour = () => ({ status: 500, afterMs: 2 });

/** Failures without network faults: a server error, an overloaded server, a missing path, and no response. */
const FAILURES: readonly Behaviour[] = [
  serverError,
  () => ({ status: 503, afterMs: 50 }),
  () => ({ status: 404, afterMs: 2 }),
  () => ({ status: null, afterMs: 0 }),
];

export const halfFailing: Scenario = {
  name: 'half-failing',
  description:
    'half of the receivers fail (500, 503, 404, and no response, which opens a circuit): each event gets 5 attempts there, and 1 elsewhere',
  async run(context) {
    const healthy = usualWebhooks(context.random);
    const webhooks = healthy.map((plan, index) =>
      index % 2 === 0 ? plan : { ...plan, behaviour: FAILURES[(index - 1) / 2] ?? plan.behaviour },
    );
    const system = await startSystem(context, { webhooks, env: { DELIVERY_ATTEMPTS: String(ATTEMPTS) } });
    const load = system.startLoad();
    await wait(context.seconds(15) * 1000);
    await load.stop();
    // While a circuit is open, deliveries use no attempts: the receiver has to answer before they can fail.
    webhooks.forEach(({ behaviour }, index) => {
      if (behaviour === FAILURES.at(-1)) system.receivers.setBehaviour(pathOf(index), serverError);
    });
    const verdict = await system.drainAndJudge({ deadlineMs: 120_000 });
    const failed = system.ledger.arrivals.filter(({ status }) => status === null || status >= 400).length;
    verdict.notes = [`${String(failed)} of ${String(system.ledger.arrivals.length)} requests failed`];
    return verdict;
  },
};
