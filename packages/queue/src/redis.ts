import { once } from 'node:events';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { isConnectingFirst, openRedis, type RedisClient } from '@tidings/events';
import { RedisError } from './redis-problem.js';

/**
 * The purpose of a connection:
 * - `command`: commands fail within two seconds while Redis is away or frozen, so that they do not block their caller;
 * - `worker`: commands wait for Redis without a limit, which BullMQ's workers require; a connection that no longer answers
 *   is replaced;
 * - `subscriber`: commands wait without a limit, and the connection subscribes again after a reconnect;
 * - `limits`: for requests that can continue without a reply, so commands fail within a quarter of a second. Commands that
 *   are sent at the same time share one packet.
 */
export type RedisPurpose = 'command' | 'worker' | 'subscriber' | 'limits';

const COMMAND_TIMEOUT_MS = 2000;
const LIMITS_TIMEOUT_MS = 250;
const MAX_RECONNECT_MS = 2000;
/** BullMQ's workers block for the next job for at most 10 s at a time. */
const WORKER_SOCKET_TIMEOUT_MS = 15_000;

const SERVER_OPTIONS = {
  command: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  },
  worker: { maxRetriesPerRequest: null, socketTimeout: WORKER_SOCKET_TIMEOUT_MS },
  subscriber: { maxRetriesPerRequest: null },
  limits: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    commandTimeout: LIMITS_TIMEOUT_MS,
    // A connection that does not answer is closed, so that only the first requests wait for it.
    socketTimeout: 2 * LIMITS_TIMEOUT_MS,
  },
} satisfies Record<RedisPurpose, RedisOptions>;

/**
 * ioredis sends a command whose node is away again, every 100 ms and 16 times by default, to the node that has the hash slot
 * by then; not for `limits`. More retries would outlive the timeout of BullMQ's blocking command: a command that BullMQ has
 * abandoned would be sent again, and consume the marker that there is a job (measured).
 */
const CLUSTER_OPTIONS = {
  command: { enableOfflineQueue: false },
  // BullMQ waits for connect(), which never settles when the cluster is not ready at the first check (ioredis 6.0, measured).
  worker: { enableReadyCheck: false },
  subscriber: {},
  limits: { enableOfflineQueue: false, enableAutoPipelining: true, retryDelayOnFailover: 0, retryDelayOnClusterDown: 0 },
} satisfies Record<RedisPurpose, ClusterOptions>;

/**
 * Connects to Redis, to a Redis Cluster, or to the master of Sentinels.
 *
 * @param url a `REDIS_URL`
 * @param onError called for every lost connection; the client reconnects by itself. Errors of a cluster's nodes are limited
 *   to one every two seconds
 */
export function connectRedis(url: string, purpose: RedisPurpose, onError: (error: RedisError) => void): RedisClient {
  const retryStrategy = (times: number): number => Math.min(50 * 2 ** times, MAX_RECONNECT_MS);
  const redis = openRedis(url, {
    server: { retryStrategy, ...SERVER_OPTIONS[purpose] },
    cluster: { clusterRetryStrategy: retryStrategy, ...CLUSTER_OPTIONS[purpose] },
  });
  const report = (error: unknown): void => {
    onError(new RedisError(error));
  };
  redis.on('error', report);
  redis.on('node error', throttle(report));
  // A Sentinel that answers, and does not know the master. When none answers, that is an `error`.
  redis.on('sentinelError', (error: Error) => {
    if (error.message.includes('invalid reply')) report(error);
  });
  return redis;
}

/** Passes on one error every two seconds: ioredis tries a node that is away ten times a second, and with each command. */
function throttle(report: (error: unknown) => void): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + MAX_RECONNECT_MS;
    report(error);
  };
}

/**
 * Waits for a connection that is being made for the first time, as at the start of a process; not for one that was lost.
 * Throws when the connection is not ready within two seconds.
 */
export async function waitUntilConnected(redis: RedisClient): Promise<void> {
  if (!isConnectingFirst(redis)) return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new Error(`Redis cannot be reached: ${String(cause)}`, { cause });
  });
}
