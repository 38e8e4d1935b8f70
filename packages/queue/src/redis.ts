import { Redis } from 'ioredis';

/**
 * - `command`: fails within two seconds while Redis is away or frozen, instead of holding its caller;
 * - `worker`: waits for Redis as long as it takes, which BullMQ's workers require;
 * - `subscriber`: waits likewise, and subscribes again by itself.
 */
export type RedisPurpose = 'command' | 'worker' | 'subscriber';

const COMMAND_TIMEOUT_MS = 2000;
const LONGEST_RECONNECT_MS = 2000;

/**
 * Connects to Redis.
 *
 * @param onError told of every lost connection; the client reconnects by itself
 */
export function connectRedis(url: string, purpose: RedisPurpose, onError: (error: Error) => void): Redis {
  const retryStrategy = (times: number): number => Math.min(50 * 2 ** times, LONGEST_RECONNECT_MS);
  const redis =
    purpose === 'command'
      ? new Redis(url, { retryStrategy, maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS })
      : new Redis(url, { retryStrategy, maxRetriesPerRequest: null });
  redis.on('error', onError);
  return redis;
}
