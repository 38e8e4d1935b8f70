import type { Processes } from './processes.js';
import type { Behaviour, Receivers } from './receivers.js';
import type { Ledger } from './ledger.js';
import type { Random } from './random.js';

/** A webhook that a run registers. */
export interface WebhookPlan {
  owner: string;
  types: readonly string[];
  behaviour: Behaviour;
  /** Further fields of its registration, such as `ordering`. */
  settings?: { max_in_flight?: number; ordering?: 'unordered' | 'fifo'; rate_limit?: number };
}

const OWNERS = ['alice', 'bob', 'carol', 'dave'] as const;
const OFTEN_FAILS = 0.05;
const QUICK_MS = [1, 8] as const;
export const SLOW_MS = [100, 400] as const;

/** Answers 200 after a random delay, and 5 % of the requests with 500, so that there are retries. */
export function healthy(random: Random, [leastMs, mostMs]: readonly [number, number] = QUICK_MS): Behaviour {
  return () => ({ status: random.chance(OFTEN_FAILS) ? 500 : 200, afterMs: random.between(leastMs, mostMs) });
}

/** Eight webhooks of four owners. Every other owner has a slow one, so that there are always requests in flight. */
export function usualWebhooks(random: Random): WebhookPlan[] {
  return OWNERS.flatMap((owner, index) => [
    { owner, types: ['*'], behaviour: healthy(random) },
    { owner, types: ['sync.*', 'extraction.started'], behaviour: healthy(random, index % 2 === 0 ? SLOW_MS : QUICK_MS) },
  ]);
}

/** The path of each plan's receiver, in the order of the plans. */
export function pathOf(index: number): string {
  return `/hook/${String(index)}`;
}

interface RegisterOptions {
  processes: Processes;
  receivers: Receivers;
  ledger: Ledger;
  plans: readonly WebhookPlan[];
  /** The port at which the workers reach the receivers. */
  port: number;
}

/** Registers the webhooks through the API, with tokens of their owners. */
export async function registerWebhooks({ processes, receivers, ledger, plans, port }: RegisterOptions): Promise<void> {
  for (const [index, { owner, types, behaviour, settings }] of plans.entries()) {
    const path = pathOf(index);
    receivers.add(path, behaviour);
    const response = await fetch(`${processes.url()}/api/webhooks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${processes.token(owner)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ url: `http://127.0.0.1:${String(port)}${path}`, event_types: types, ...settings }),
    });
    if (response.status !== 201) throw new Error(`A webhook was refused: ${await response.text()}`);
    const webhook = (await response.json()) as { id: string; secret: string };
    receivers.setWebhook(path, webhook);
    ledger.webhooks.push({ id: webhook.id, owner, types });
  }
}
