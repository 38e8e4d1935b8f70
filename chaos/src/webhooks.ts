import type { Processes } from './processes.js';
import type { Behaviour, Receivers } from './receiver.js';
import type { Ledger } from './ledger.js';
import type { Random } from './random.js';

/** A webhook that a run registers. */
export interface WebhookPlan {
  user: string;
  types: readonly string[];
  behaviour: Behaviour;
}

const USERS = ['alice', 'bob', 'carol', 'dave'] as const;
const OFTEN_FAILS = 0.05;
const QUICK_MS = [1, 8] as const;
const SLOW_MS = [100, 400] as const;

/** Answers 200 after a while; now and then 500, so that there are retries. */
function healthy(random: Random, [leastMs, mostMs]: readonly [number, number] = QUICK_MS): Behaviour {
  return () => ({ status: random.chance(OFTEN_FAILS) ? 500 : 200, afterMs: random.between(leastMs, mostMs) });
}

/** Eight webhooks of four users. Every other user has one that is slow, so that there is always something under way. */
export function usualWebhooks(random: Random): WebhookPlan[] {
  return USERS.flatMap((user, index) => [
    { user, types: ['*'], behaviour: healthy(random) },
    { user, types: ['sync.*', 'extraction.started'], behaviour: healthy(random, index % 2 === 0 ? SLOW_MS : QUICK_MS) },
  ]);
}

/** The path of each plan's receiver, in the order of the plans. */
export function pathOf(index: number): string {
  return `/hook/${String(index)}`;
}

interface RegisterParts {
  processes: Processes;
  receivers: Receivers;
  ledger: Ledger;
  plans: readonly WebhookPlan[];
  /** Where the workers find the receivers. */
  port: number;
}

/** Registers the webhooks as their users would, through the API. */
export async function registerWebhooks({ processes, receivers, ledger, plans, port }: RegisterParts): Promise<void> {
  for (const [index, { user, types, behaviour }] of plans.entries()) {
    const path = pathOf(index);
    receivers.add(path, behaviour);
    const response = await fetch(`${processes.url()}/api/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${processes.token(user)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `http://127.0.0.1:${String(port)}${path}`, event_types: types }),
    });
    if (response.status !== 201) throw new Error(`A webhook was refused: ${await response.text()}`);
    const webhook = (await response.json()) as { id: string; secret: string };
    receivers.learn(path, webhook);
    ledger.webhooks.push({ id: webhook.id, user, types });
  }
}
