import { once } from 'node:events';
import { Queue, type QueueOptions } from 'bullmq';
import { Cluster } from 'ioredis';
import { catalog as shippedCatalog, type Catalog, type Publishable } from './catalog.js';
import { DEFAULT_PREFIX, EVENTS_QUEUE, eventJobOptions, type EventJob } from './events-queue.js';
import type { EventDraft } from './event.js';
import type { Published } from './published.js';
import { isConnectingFirst, openRedis, type RedisClient } from './open-redis.js';

/** The options of {@link createPublisher}. */
export interface PublisherOptions<Event extends EventDraft = EventDraft> {
  /**
   * A Redis URL, some nodes of a Redis Cluster separated by commas, Sentinels (`redis+sentinel://host1:26379,host2:26379/mymaster`),
   * or your own ioredis client (`Redis` or `Cluster`), which the publisher does not close.
   */
  redis: string | RedisClient;
  /** The `REDIS_PREFIX` of the Tidings installation that gets the events. Default `{tidings}`. */
  prefix?: string;
  /** The catalog that validates events, and whose events may be published. Default: the catalog of this package. */
  catalog?: Catalog<Event>;
  /** The time limit of a Redis command, in milliseconds; then `publish` fails. Default 5,000. Only for a client made from a URL. */
  commandTimeoutMs?: number;
  /**
   * Continues the caller's trace in Tidings: `new BullMQOtel({ tracerName: 'my-service' })` of the package `bullmq-otel`, which
   * uses the active span of OpenTelemetry. Default: no traces.
   */
  telemetry?: NonNullable<QueueOptions['telemetry']>;
}

/** Publishes events through Redis. */
export interface Publisher<Event extends EventDraft = Publishable> {
  /**
   * Validates events and enqueues them, all or none. Resolves when Redis has them; a worker then commits them.
   * Until that commit their durability is that of Redis (append-only file).
   *
   * Throws an {@link InvalidEventError} with every wrong field, and the error of Redis when it is away. Then nothing is
   * enqueued, unless a command that timed out has reached Redis. Publishing the same ids again is safe: they stay one event.
   * While a dead letter has the id, publishing does nothing: retry or remove the dead letter first.
   */
  publish: {
    (event: Event): Promise<Published>;
    (events: readonly Event[]): Promise<Published[]>;
  };
  /** Closes the publisher, and the connection if the publisher opened it. */
  close: () => Promise<void>;
}

const HASH_TAG = /\{[^{}]+\}/;

/**
 * Creates a publisher, which connects a service to Tidings through Redis. While Redis is away, `publish` fails fast instead of
 * blocking its caller. Throws when the client is a Redis Cluster and the prefix has no braces.
 */
export function createPublisher<Event extends EventDraft = Publishable>(options: PublisherOptions<Event>): Publisher<Event> {
  const { redis, prefix = DEFAULT_PREFIX, commandTimeoutMs = 5000, telemetry } = options;
  const catalog: Catalog = options.catalog ?? shippedCatalog;
  const client = typeof redis === 'string' ? connect(redis, commandTimeoutMs) : redis;
  if (client instanceof Cluster && !HASH_TAG.test(prefix)) {
    if (typeof redis === 'string') client.disconnect();
    throw new Error('On a Redis Cluster the prefix needs braces, such as {tidings}: they keep a queue on one node.');
  }
  // Without `skipWaitingForReady` BullMQ waits for Redis without a limit before its first command.
  const queue = new Queue<EventJob>(EVENTS_QUEUE, {
    connection: client,
    prefix,
    skipWaitingForReady: true,
    skipVersionCheck: true,
    ...(telemetry === undefined ? {} : { telemetry }),
  });
  // Every call of `publish` reports its failure. Without a listener, errors of the connection would end the process.
  queue.on('error', () => undefined);

  async function publish(event: Event): Promise<Published>;
  async function publish(events: readonly Event[]): Promise<Published[]>;
  async function publish(input: Event | readonly Event[]): Promise<Published | Published[]> {
    const drafts = Array.isArray(input) ? (input as readonly Event[]) : [input as Event];
    const events = catalog.validate(drafts, Array.isArray(input) ? 'events' : undefined);
    await waitUntilConnected(client, commandTimeoutMs);
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

/** Waits for a connection that is being made for the first time; not for one that was lost. */
async function waitUntilConnected(client: RedisClient, timeoutMs: number): Promise<void> {
  if (!isConnectingFirst(client)) return;
  const signal = AbortSignal.timeout(timeoutMs);
  await once(client, 'ready', { signal }).catch((cause: unknown) => {
    const reason = signal.aborted ? `no answer within ${String(timeoutMs)} ms` : String(cause);
    throw new Error(`Redis cannot be reached: ${reason}`, { cause });
  });
}
