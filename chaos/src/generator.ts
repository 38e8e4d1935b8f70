import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { nowMs, type Ledger, type PublishedEvent } from './ledger.js';
import type { Random } from './random.js';

export interface EventInput {
  type: string;
  owner: string | null;
  data: object;
}

/** The response to a publish request. */
export interface Reply {
  /** Null: no response arrived. */
  status: number | null;
  tookMs: number;
  /** False: the response was a success and did not list every event. */
  isComplete: boolean;
}

export interface Publisher {
  /** Publishes events with new ids, and writes the result to the ledger. It does not throw when the request fails. */
  publish: (inputs: readonly EventInput[]) => Promise<Reply>;
  /** Publishes all `unsure` events again, with the same ids. */
  republishUnsure: () => Promise<void>;
  /** The responses so far, in order. */
  replies: readonly Reply[];
}

interface PublisherOptions {
  ledger: Ledger;
  /** Returns the URL of an API process that should answer; called for each request. */
  url: () => string;
  token: string;
}

/** Longer than any response should take. */
const REQUEST_TIMEOUT_MS = 15_000;
const REPUBLISH_ROUNDS = 5;
const MAX_EVENTS_PER_REQUEST = 500;

/** A service that publishes. An event is `accepted` after a 200 or 202, and `unsure` after any other answer, or none. */
export function createPublisher({ ledger, url, token }: PublisherOptions): Publisher {
  const replies: Reply[] = [];
  const inputs = new Map<string, EventInput>();

  const send = async (ids: readonly string[]): Promise<Reply> => {
    const startedAt = nowMs();
    const events = ids.map((id) => ({ id, type: inputs.get(id)?.type, data: inputs.get(id)?.data }));
    const reply = await fetch(`${url()}/api/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
      .then(async (response) => ({ status: response.status, listed: listedIds(await response.text()) }))
      .catch(() => ({ status: null, listed: new Set<string>() }));
    const ok = reply.status === 200 || reply.status === 202;
    if (ok) {
      for (const id of ids) {
        const event = ledger.events.get(id) as PublishedEvent;
        event.publication = 'accepted';
        event.acceptedByMs ??= nowMs();
      }
    }
    const result = {
      status: reply.status,
      tookMs: nowMs() - startedAt,
      isComplete: !ok || ids.every((id) => reply.listed.has(id)),
    };
    replies.push(result);
    return result;
  };

  return {
    replies,
    publish(batch) {
      const ids = batch.map((input) => {
        const id = `evt_${randomUUID()}`;
        inputs.set(id, input);
        // Unsure from the start: the event may be committed before its response arrives, or without a response.
        ledger.events.set(id, { id, type: input.type, owner: input.owner, publication: 'unsure', atMs: nowMs() });
        return id;
      });
      return send(ids);
    },
    async republishUnsure() {
      for (let round = 0; round < REPUBLISH_ROUNDS; round += 1) {
        const unsure = [...ledger.events.values()].filter(({ publication }) => publication === 'unsure').map(({ id }) => id);
        if (unsure.length === 0) return;
        for (let from = 0; from < unsure.length; from += MAX_EVENTS_PER_REQUEST) {
          // An API that does not answer after the faults will not answer the next time.
          if ((await send(unsure.slice(from, from + MAX_EVENTS_PER_REQUEST))).status === null) return;
        }
      }
    },
  };
}

/** The ids of the events that a response lists. */
function listedIds(body: string): Set<string> {
  try {
    return new Set((JSON.parse(body) as { data: { id: string }[] }).data.map(({ id }) => id));
  } catch {
    return new Set();
  }
}

export interface Load {
  /** Stops publishing, and resolves when all requests are answered. */
  stop: () => Promise<void>;
}

interface LoadOptions {
  publisher: { publish: (inputs: readonly EventInput[]) => Promise<unknown> };
  random: Random;
  owners: readonly string[];
  /** The number of services. Default 4. */
  services?: number;
}

const PUBLISHERS = 4;
const PAUSE_MS = [40, 120] as const;
const LARGEST_BATCH = 3;
/** The share of events for everyone. */
const FOR_EVERYONE = 0.05;

/** Starts services that publish about 25 events a second each. */
export function startLoad({ publisher, random, owners, services: count = PUBLISHERS }: LoadOptions): Load {
  let isStopped = false;
  const service = async (): Promise<void> => {
    while (!isStopped) {
      await publisher.publish(Array.from({ length: random.integer(1, LARGEST_BATCH) }, () => someEvent(random, owners)));
      await wait(random.between(...PAUSE_MS));
    }
  };
  const services = Array.from({ length: count }, service);
  return {
    async stop() {
      isStopped = true;
      await Promise.all(services);
    },
  };
}

function someEvent(random: Random, owners: readonly string[]): EventInput {
  if (random.chance(FOR_EVERYONE)) {
    return { type: 'extraction.started', owner: null, data: { version: '2026-11', entity_types: ['artists', 'releases'] } };
  }
  const owner = random.pick(owners);
  return random.pick<EventInput>([
    {
      type: 'sync.completed',
      owner,
      data: { user_id: owner, items_synced: random.integer(0, 9999), errors: 0, duration_s: 42.5 },
    },
    { type: 'sync.failed', owner, data: { user_id: owner, error_message: 'The collection service answered 503. ✓' } },
    { type: 'gaps.updated', owner, data: { user_id: owner, entity_type: 'artist', entity_id: String(random.integer(1, 9999)) } },
  ]);
}
