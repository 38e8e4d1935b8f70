import { once } from 'node:events';
import { Redis } from 'ioredis';

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

const OPTIONS = {
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
} satisfies Record<RedisPurpose, object>;

/**
 * Connects to Redis.
 *
 * @param onError told of every lost connection; the client reconnects by itself
 */
export function connectRedis(url: string, purpose: RedisPurpose, onError: (error: Error) => void): Redis {
  const retryStrategy = (times: number): number => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS);
  const redis = new Redis(url, { retryStrategy, ...OPTIONS[purpose] });
  redis.on('error', onError);
  return redis;
}

/** Waits for a connection that is just being made, as when the process starts; not for one that was lost. */
export async function connecting(redis: Redis): Promise<void> {
  if (redis.status !== 'connecting' && redis.status !== 'connect') return;
  await once(redis, 'ready', { signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new Error(`Redis cannot be reached: ${String(cause)}`, { cause });
  });
}
