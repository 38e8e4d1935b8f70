import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { nowMs, type Ledger, type PublishedEvent } from './ledger.js';
import type { Random } from './random.js';

export interface EventInput {
  type: string;
  user: string | null;
  data: object;
}

/** An answer to a request to publish. */
export interface Reply {
  /** Null: none came. */
  status: number | null;
  tookMs: number;
  /** Of an answer that counts as accepted: whether it named each of the events. */
  complete: boolean;
}

export interface Publisher {
  /** Hands events in, whatever comes of it, and writes that to the ledger. */
  publish: (inputs: readonly EventInput[]) => Promise<Reply>;
  /** Hands in again, with the same ids, what is unsure. */
  repeat: () => Promise<void>;
  /** All answers so far. */
  replies: readonly Reply[];
}

interface PublisherParts {
  ledger: Ledger;
  /** Of an API process that should answer; asked for each request. */
  url: () => string;
  token: string;
}

/** Longer than any answer should take; afterwards the event is unsure. */
const PATIENCE_MS = 15_000;
const REPEATS = 5;
const LARGEST_LIST = 500;

/** A service that publishes. An event is accepted when the API says so, and unsure when it says anything else, or nothing. */
export function createPublisher({ ledger, url, token }: PublisherParts): Publisher {
  const replies: Reply[] = [];
  const inputs = new Map<string, EventInput>();

  const hand = async (ids: readonly string[]): Promise<Reply> => {
    const startedAt = nowMs();
    const events = ids.map((id) => ({ id, type: inputs.get(id)?.type, data: inputs.get(id)?.data }));
    const reply = await fetch(`${url()}/api/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
      .then(async (response) => ({ status: response.status, named: namedIn(await response.text()) }))
      .catch(() => ({ status: null, named: new Set<string>() }));
    const ok = reply.status === 200 || reply.status === 202;
    if (ok) for (const id of ids) (ledger.events.get(id) as PublishedEvent).publication = 'accepted';
    const result = { status: reply.status, tookMs: nowMs() - startedAt, complete: !ok || ids.every((id) => reply.named.has(id)) };
    replies.push(result);
    return result;
  };

  return {
    replies,
    publish(batch) {
      const ids = batch.map((input) => {
        const id = `evt_${randomUUID()}`;
        inputs.set(id, input);
        // Unsure from the start: it may be committed before the answer comes, or without one.
        ledger.events.set(id, { id, type: input.type, user: input.user, publication: 'unsure', atMs: nowMs() });
        return id;
      });
      return hand(ids);
    },
    async repeat() {
      for (let round = 0; round < REPEATS; round += 1) {
        const unsure = [...ledger.events.values()].filter(({ publication }) => publication === 'unsure').map(({ id }) => id);
        if (unsure.length === 0) return;
        for (let from = 0; from < unsure.length; from += LARGEST_LIST) {
          // Who does not even answer when all is healed will not do so the next time.
          if ((await hand(unsure.slice(from, from + LARGEST_LIST))).status === null) return;
        }
      }
    },
  };
}

function namedIn(body: string): Set<string> {
  try {
    return new Set((JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id));
  } catch {
    return new Set();
  }
}

export interface Load {
  /** Resolves when what was handed in has been answered. */
  stop: () => Promise<void>;
}

interface LoadOptions {
  publisher: Publisher;
  random: Random;
  users: readonly string[];
}

const PUBLISHERS = 4;
const PAUSE_MS = [40, 120] as const;
const LARGEST_BATCH = 3;
const FOR_EVERYONE = 0.05;

/** A few services that publish all the time, about a hundred events a second together. */
export function startLoad({ publisher, random, users }: LoadOptions): Load {
  let isStopped = false;
  const service = async (): Promise<void> => {
    while (!isStopped) {
      await publisher.publish(Array.from({ length: random.whole(1, LARGEST_BATCH) }, () => someEvent(random, users)));
      await wait(random.between(...PAUSE_MS));
    }
  };
  const services = Array.from({ length: PUBLISHERS }, service);
  return {
    async stop() {
      isStopped = true;
      await Promise.all(services);
    },
  };
}

function someEvent(random: Random, users: readonly string[]): EventInput {
  if (random.chance(FOR_EVERYONE)) {
    return { type: 'extraction.started', user: null, data: { version: '2026-11', entity_types: ['artists', 'releases'] } };
  }
  const user = random.pick(users);
  return random.pick<EventInput>([
    { type: 'sync.completed', user, data: { user_id: user, items_synced: random.whole(0, 9999), errors: 0, duration_s: 42.5 } },
    { type: 'sync.failed', user, data: { user_id: user, error_message: 'The collection service answered 503. ✓' } },
    { type: 'gaps.updated', user, data: { user_id: user, entity_type: 'artist', entity_id: String(random.whole(1, 9999)) } },
  ]);
}
