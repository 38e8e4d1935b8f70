import { once } from 'node:events';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { openRedis, type RedisClient } from '@tidings/events';

/**
 * - `command`: fails within two seconds while Redis is away or frozen, instead of holding its caller;
 * - `worker`: waits for Redis as long as it takes, which BullMQ's workers require; a connection that no longer answers is
 *   replaced;
 * - `subscriber`: waits likewise, and subscribes again by itself;
 * - `limits`: asked within requests that can do without the answer, so it fails within a quarter of a second. Commands of
 *   the same moment share one packet.
 */
export type RedisPurpose = 'command' | 'worker' | 'subscriber' | 'limits';

const COMMAND_TIMEOUT_MS = 2000;
const LIMITS_TIMEOUT_MS = 250;
const LONGEST_RECONNECT_MS = 2000;
/** BullMQ's workers ask for the next job for at most 10 s at a time. */
const WORKER_SILENCE_MS = 15_000;

const SERVER_OPTIONS = {
  command: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  },
  worker: { maxRetriesPerRequest: null, socketTimeout: WORKER_SILENCE_MS },
  subscriber: { maxRetriesPerRequest: null },
  limits: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    commandTimeout: LIMITS_TIMEOUT_MS,
    // A connection that does not answer is given up, so that only the first requests wait for it.
    socketTimeout: 2 * LIMITS_TIMEOUT_MS,
  },
} satisfies Record<RedisPurpose, RedisOptions>;

/**
 * A command whose node is away is sent again, every 100 ms and 16 times by default, to the node that has the slot by then;
 * for limits, not at all. More often would outlive what BullMQ gives its blocking command: an abandoned one would come
 * back, and take the sign that there is a job (measured).
 */
const CLUSTER_OPTIONS = {
  command: { enableOfflineQueue: false },
  // BullMQ waits for connect(), which never settles when the cluster was not ready at its first look (ioredis 6.0, measured).
  worker: { enableReadyCheck: false },
  subscriber: {},
  limits: { enableOfflineQueue: false, enableAutoPipelining: true, retryDelayOnFailover: 0, retryDelayOnClusterDown: 0 },
} satisfies Record<RedisPurpose, ClusterOptions>;

/**
 * Connects to Redis, or to a Redis Cluster.
 *
 * @param url a `REDIS_URL`: one server, or some nodes of a cluster with commas between
 * @param onError told of every lost connection; the client reconnects by itself
 */
export function connectRedis(url: string, purpose: RedisPurpose, onError: (error: Error) => void): RedisClient {
  const retryStrategy = (times: number): number => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS);
  const redis = openRedis(url, {
    server: { retryStrategy, ...SERVER_OPTIONS[purpose] },
    cluster: { clusterRetryStrategy: retryStrategy, ...CLUSTER_OPTIONS[purpose] },
  });
  redis.on('error', onError);
  redis.on('node error', nowAndThen(onError));
  return redis;
}

/** A node that is away is tried ten times a second, and with each command. */
function nowAndThen(tell: (error: Error) => void): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + LONGEST_RECONNECT_MS;
    tell(error);
  };
}

/** Resolves when Redis answers: of a cluster the node that has our keys, since the others are of no use without it. */
export async function pingRedis(redis: RedisClient, prefix: string): Promise<void> {
  await redis.exists(`${prefix}:none`);
}

/** Waits for a connection that is just being made, as when the process starts; not for one that was lost. */
export async function connecting(redis: RedisClient): Promise<void> {
  if (redis.status !== 'connecting' && redis.status !== 'connect') return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new Error(`Redis cannot be reached: ${String(cause)}`, { cause });
  });
}
