import { setTimeout as wait } from 'node:timers/promises';
import { startHistory, type History } from '../history.js';
import type { ChangedWebhook } from '../judge-changes.js';
import { nowMs } from '../ledger.js';
import type { Random } from '../random.js';
import type { Behaviour } from '../receivers.js';
import type { System } from '../system.js';

/** A webhook that is changed again and again. */
export interface ChangedPlan {
  owner: string;
  behaviour: Behaviour;
  settings?: { max_in_flight?: number; ordering?: 'unordered' | 'fifo'; rate_limit?: number };
  /**
   * `steady`: it stays enabled, with the same types, order and limits, and is paused, resumed, rotated, moved to another URL, retried
   * and replayed. `changing`: it is also disabled, enabled, and its types, order and limits are changed. `short-lived`: it is also
   * deleted, and another one is registered in its place.
   */
  kind: 'steady' | 'changing' | 'short-lived';
}

export interface WebhookChanges {
  /** All webhooks so far, also the deleted ones. */
  webhooks: readonly ChangedWebhook[];
  /** All changes, retries and replays in order, for the ledger. */
  acts: readonly object[];
  /** The number of acknowledged changes, retries and replays of each kind. */
  counts: ReadonlyMap<string, number>;
  /** Stops the changes, and resumes the paused webhooks. */
  stop: () => Promise<void>;
}

const PAUSE_MS = [100, 900] as const;
const TYPES: readonly (readonly string[])[] = [
  ['*'],
  ['sync.*'],
  ['gaps.updated', 'sync.failed'],
  ['extraction.*', 'sync.completed'],
];
const MAX_IN_FLIGHT = [1, 2, 5, 10] as const;
const REPLAYED_S = 5;
/** How long a worker may still sign with a secret alone whose overlap has ended. */
const OLD_SECRET_MS = 3000;
const DEFAULT_MAX_IN_FLIGHT = 10;

interface Subject {
  plan: ChangedPlan;
  /** Undefined: it was deleted. */
  webhook: ChangedWebhook | undefined;
  paths: readonly string[];
}

/** Registers the webhooks, and changes each of them at random, one change at a time, until it is stopped. */
export async function startWebhookChanges(
  system: System,
  plans: readonly ChangedPlan[],
  random: Random,
): Promise<WebhookChanges> {
  const { processes, receivers } = system;
  const webhooks: ChangedWebhook[] = [];
  const counts = new Map<string, number>();
  const acts: object[] = [];
  let isStopped = false;

  const request = async (method: string, path: string, token: string, body?: object): Promise<Response | undefined> => {
    try {
      return await fetch(`${processes.url()}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(15_000),
      });
    } catch {
      return undefined;
    }
  };
  const count = (name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const operator = processes.token('operator', 'admin');

  /** Sends a change, and writes it to the histories of its settings. */
  const change = async (
    webhookId: string,
    name: string,
    changes: readonly ((fromMs: number) => { untilMs: number | null })[],
    send: () => Promise<Response | undefined>,
  ): Promise<void> => {
    const fromMs = nowMs();
    const written = changes.map((write) => write(fromMs));
    const response = await send();
    acts.push({ name, webhook: webhookId, fromMs, untilMs: nowMs(), status: response?.status, answer: await response?.text() });
    if (!response?.ok) {
      count(`${name} refused with ${String(response?.status)}`);
      return;
    }
    for (const entry of written) entry.untilMs = nowMs();
    count(name);
  };
  const write =
    <Value>(history: History<Value>, value: Value) =>
    (fromMs: number): { untilMs: number | null } => {
      const entry = { value, fromMs, untilMs: null };
      history.push(entry);
      return entry;
    };

  const registerWebhook = async (subject: Subject): Promise<void> => {
    const { plan } = subject;
    const path = `/changed/${String(webhooks.length)}`;
    const webhook: ChangedWebhook = {
      id: '',
      owner: plan.owner,
      enabled: startHistory(false),
      paused: startHistory(false),
      types: startHistory<readonly string[]>(['*']),
      ordering: startHistory(plan.settings?.ordering ?? 'unordered'),
      maxInFlight: startHistory<number>(plan.settings?.max_in_flight ?? DEFAULT_MAX_IN_FLIGHT),
      path: startHistory(path),
      rateLimit: plan.settings?.rate_limit ?? null,
    };
    webhooks.push(webhook);
    receivers.add(path, plan.behaviour);
    receivers.addPath(path, `${path}/moved`);
    const registered = write(webhook.enabled, true)(nowMs());
    const response = await request('POST', '/api/webhooks', processes.token(plan.owner), {
      url: urlOf(path),
      ...plan.settings,
    });
    if (response?.status !== 201) throw new Error(`A webhook was refused: ${String(await response?.text())}`);
    const { id, secret } = (await response.json()) as { id: string; secret: string };
    registered.untilMs = nowMs();
    webhook.id = id;
    receivers.setWebhook(path, { id, secret });
    subject.webhook = webhook;
    subject.paths = [path, `${path}/moved`];
    count('registered');
  };
  const urlOf = (path: string): string => `http://127.0.0.1:${String(receivers.port)}${path}`;

  const changeOnce = async (subject: Subject): Promise<void> => {
    const { webhook, plan, paths } = subject;
    if (webhook === undefined) {
      await registerWebhook(subject);
      return;
    }
    const token = processes.token(plan.owner);
    const one = `/api/webhooks/${webhook.id}`;
    const patch = (body: object) => () => request('PATCH', one, token, body);
    const isEnabled = webhook.enabled.at(-1)?.value === true;
    const isPaused = webhook.paused.at(-1)?.value === true;
    const acts: (readonly [weight: number, act: () => Promise<void>])[] = [
      [
        // A paused webhook is resumed soon: its backlog would grow longer than the run.
        isPaused ? 12 : 2,
        () =>
          change(webhook.id, isPaused ? 'resumed' : 'paused', [write(webhook.paused, !isPaused)], () =>
            request('PATCH', `/api/admin/webhooks/${webhook.id}`, operator, { paused: !isPaused }),
          ),
      ],
      [
        1,
        async () => {
          const overlap = random.pick([0, 60, 3600]);
          const response = await request('POST', `${one}/rotate-secret`, token, { overlap_s: overlap });
          const { secret } = ((await response?.json()) ?? {}) as { secret?: string };
          if (secret === undefined) return;
          receivers.addSecret(paths[0] ?? '', secret, overlap === 0 ? OLD_SECRET_MS : undefined);
          count('secret rotated');
        },
      ],
      [
        1,
        () => {
          const path = random.pick(paths);
          return change(webhook.id, 'url changed', [write(webhook.path, path)], patch({ url: urlOf(path) }));
        },
      ],
      [
        4,
        async () => {
          const response = await request('GET', `${one}/deliveries?limit=20`, token);
          const { data = [] } = ((await response?.json()) ?? {}) as { data?: { id: string }[] };
          if (data.length === 0) return;
          await change(webhook.id, 'delivery retried', [], () =>
            request('POST', `/api/deliveries/${random.pick(data).id}/retry`, token),
          );
        },
      ],
      [
        1,
        () =>
          change(webhook.id, 'deliveries replayed', [], () =>
            request('POST', `${one}/replay`, token, {
              since: new Date(Date.now() - REPLAYED_S * 1000).toISOString(),
              status: random.pick([['cancelled'], ['cancelled', 'skipped'], ['succeeded']]),
            }),
          ),
      ],
    ];
    if (plan.kind !== 'steady') {
      acts.push(
        [
          isEnabled ? 3 : 8,
          () =>
            change(
              webhook.id,
              isEnabled ? 'disabled' : 'enabled',
              [write(webhook.enabled, !isEnabled)],
              patch({ enabled: !isEnabled }),
            ),
        ],
        [
          2,
          () => {
            const types = random.pick(TYPES);
            return change(webhook.id, 'types changed', [write(webhook.types, types)], patch({ event_types: types }));
          },
        ],
        [
          2,
          () => {
            const ordering = random.pick(['unordered', 'fifo'] as const);
            return change(webhook.id, 'ordering changed', [write(webhook.ordering, ordering)], patch({ ordering }));
          },
        ],
        [
          2,
          () => {
            const maxInFlight = random.pick(MAX_IN_FLIGHT);
            return change(
              webhook.id,
              'max_in_flight changed',
              [write(webhook.maxInFlight, maxInFlight)],
              patch({ max_in_flight: maxInFlight }),
            );
          },
        ],
      );
    }
    if (plan.kind === 'short-lived') {
      acts.push([
        3,
        async () => {
          await change(webhook.id, 'deleted', [write(webhook.enabled, false)], () => request('DELETE', one, token));
          subject.webhook = undefined;
        },
      ]);
    }
    await pickWeighted(random, acts)();
  };

  const subjects = plans.map((plan): Subject => ({ plan, webhook: undefined, paths: [] }));
  for (const subject of subjects) await registerWebhook(subject);
  const run = async (subject: Subject): Promise<void> => {
    while (!isStopped) {
      await wait(random.between(...PAUSE_MS));
      await changeOnce(subject);
    }
  };
  const running = Promise.all(subjects.map(run));
  // The scenario gets the error when it stops the changes.
  running.catch(() => undefined);

  return {
    webhooks,
    acts,
    counts,
    async stop() {
      isStopped = true;
      await running;
      for (const { id, paused } of webhooks) {
        if (paused.at(-1)?.value !== true) continue;
        await change(id, 'resumed', [write(paused, false)], () =>
          request('PATCH', `/api/admin/webhooks/${id}`, operator, { paused: false }),
        );
      }
    },
  };
}

function pickWeighted<Choice>(random: Random, choices: readonly (readonly [weight: number, choice: Choice])[]): Choice {
  let left = random.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new Error('`pickWeighted` needs at least one choice.');
}
