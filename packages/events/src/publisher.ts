import { once } from 'node:events';
import { Queue, type QueueOptions } from 'bullmq';
import { Cluster } from 'ioredis';
import { catalog as shippedCatalog, type Catalog, type Publishable } from './catalog.js';
import { DEFAULT_PREFIX, EVENTS_QUEUE, eventJobOptions, type EventJob } from './events-queue.js';
import type { EventDraft } from './event.js';
import { openRedis, type RedisClient } from './open-redis.js';

export interface PublisherOptions {
  /**
   * A Redis URL, some nodes of a Redis Cluster with commas between, or an ioredis client of yours (`Redis` or `Cluster`),
   * which stays yours to close.
   */
  redis: string | RedisClient;
  /** The `REDIS_PREFIX` of the Tidings that is to get the events. Default `{tidings}`. */
  prefix?: string;
  /** What events are checked against. Default: the catalog of this package. */
  catalog?: Catalog;
  /** How long a command may take, in milliseconds, before publish fails. Default 5,000. Only for a client made from a URL. */
  commandTimeoutMs?: number;
  /**
   * Continues the caller's trace in Tidings: `new BullMQOtel({ tracerName: 'my-service' })` of the package `bullmq-otel`, which
   * takes the active span of OpenTelemetry. Default: no traces.
   */
  telemetry?: NonNullable<QueueOptions['telemetry']>;
}

/** What became of a published event: its id. */
export interface Published {
  id: string;
}

export interface Publisher<Event extends EventDraft = Publishable> {
  /**
   * Checks events and enqueues them, all or none. Resolves when Redis holds them; a worker then commits them.
   * Until that commit their durability is that of Redis (append-only file).
   *
   * Throws {@link InvalidEventError} with every wrong field, and Redis's error when it is away: nothing is enqueued then,
   * except that a command which timed out may still have landed. Publishing the same ids again is safe: that is one event.
   * Only while a dead letter has the id does nothing happen: retry or remove it first.
   */
  publish: {
    (event: Event): Promise<Published>;
    (events: readonly Event[]): Promise<Published[]>;
  };
  /** Closes what the publisher opened. */
  close: () => Promise<void>;
}

const HASH_TAG = /\{[^}]+\}/;

/** Connects a service to Tidings through Redis. Fails fast while Redis is away, instead of holding the caller. */
export function createPublisher<Event extends EventDraft = Publishable>(options: PublisherOptions): Publisher<Event> {
  const { redis, prefix = DEFAULT_PREFIX, catalog = shippedCatalog, commandTimeoutMs = 5000, telemetry } = options;
  const client = typeof redis === 'string' ? connect(redis, commandTimeoutMs) : redis;
  if (client instanceof Cluster && !HASH_TAG.test(prefix)) {
    if (typeof redis === 'string') client.disconnect();
    throw new Error('On a Redis Cluster the prefix needs braces, such as {tidings}: they keep a queue on one node.');
  }
  // BullMQ would wait for Redis, however long it is away, before its first command.
  const queue = new Queue<EventJob>(EVENTS_QUEUE, {
    connection: client,
    prefix,
    skipWaitingForReady: true,
    skipVersionCheck: true,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  // Every publish reports its own failure; without a listener the connection's would end the process.
  queue.on('error', () => undefined);

  async function publish(event: Event): Promise<Published>;
  async function publish(events: readonly Event[]): Promise<Published[]>;
  async function publish(input: Event | readonly Event[]): Promise<Published | Published[]> {
    const drafts = Array.isArray(input) ? (input as readonly Event[]) : [input as Event];
    const events = catalog.validate(drafts, Array.isArray(input) ? 'events' : undefined);
    await connecting(client, commandTimeoutMs);
    await queue.addBulk(events.map((event) => ({ name: event.type, data: event, opts: eventJobOptions(event) })));
    const published = events.map(({ id }) => ({ id }));
    return Array.isArray(input) ? published : (published[0] as Published);
  }

  return {
    publish,
    async close() {
      await queue.close();
      if (typeof redis === 'string') client.disconnect();
    },
  };
}

function connect(url: string, commandTimeout: number): RedisClient {
  const client = openRedis(url, {
    server: { commandTimeout, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
    cluster: { enableOfflineQueue: false },
  });
  client.on('error', () => undefined);
  return client;
}

/** Waits for a connection that is just being made, as at the start; not for one that was lost. */
async function connecting(client: RedisClient, timeoutMs: number): Promise<void> {
  if (client.status !== 'connecting' && client.status !== 'connect') return;
  const signal = AbortSignal.timeout(timeoutMs);
  await once(client, 'ready', { signal }).catch((cause: unknown) => {
    const reason = signal.aborted ? `no answer within ${String(timeoutMs)} ms` : String(cause);
    throw new Error(`Redis cannot be reached: ${reason}`, { cause });
  });
}
