import { once } from 'node:events';
import type { RedisClient } from '@tidings/events';

/** The key of a sorted set: the ids of revoked tokens, scored by the end of the token in Unix seconds, when they are removed. */
const keyOf = (prefix: string): string => `${prefix}:revoked`;

interface RevokedToken {
  /** The token's `jti`. */
  tokenId: string;
  /** The token's `exp`, in Unix seconds. */
  endsAt: number;
}

/**
 * Revokes a token: every API process refuses it after its next refresh. When a token id is revoked twice, the later end counts.
 * Rejects while Redis is away.
 */
export async function revokeToken(redis: RedisClient, prefix: string, { tokenId, endsAt }: RevokedToken): Promise<void> {
  await redis.zadd(keyOf(prefix), 'GT', endsAt, tokenId);
}

/** A copy of the list of revoked tokens in the process: checking it takes no round trip, and works while Redis is away. */
export interface Revocations {
  /** Returns whether the token with this `jti` was revoked, as of the last refresh. */
  isRevoked: (tokenId: string) => boolean;
  /** Reads the list again, and removes tokens that have ended. While Redis is away, the last known list stays. Never rejects. */
  refresh: () => Promise<void>;
}

interface RevocationsParts {
  /** A connection whose commands fail, rather than wait, while Redis is away. */
  redis: RedisClient;
  /** The prefix of every Redis key, such as `{tidings}`. */
  prefix: string;
  log: { warn: (message: string, details: object) => void; info: (message: string, details: object) => void };
}

/** How long a refresh waits for a connection that is being made, in milliseconds. */
const CONNECT_MS = 2000;
/**
 * How long ended tokens stay in the list, in seconds: longer than the largest `JWT_CLOCK_TOLERANCE_S`, for which they are still
 * accepted, and the clocks of the processes differ.
 */
const CLOCK_DIFFERENCE_S = 600;

/**
 * Creates the copy of a process. It is empty until the first refresh. A revoked token never becomes valid again: when Redis has
 * lost entries (FLUSHALL, a failover), a refresh writes them to Redis again.
 */
export function createRevocations({ redis, prefix, log }: RevocationsParts): Revocations {
  const key = keyOf(prefix);
  const ends = new Map<string, number>();
  let isAway = false;

  const read = async (): Promise<void> => {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) });
    const entries = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    const inRedis = new Map<string, number>();
    for (let index = 0; index + 1 < entries.length; index += 2) inRedis.set(String(entries[index]), Number(entries[index + 1]));
    for (const [tokenId, endsAt] of inRedis) ends.set(tokenId, endsAt);

    const removeBefore = Math.floor(Date.now() / 1000) - CLOCK_DIFFERENCE_S;
    const lost: (string | number)[] = [];
    for (const [tokenId, endsAt] of ends) {
      if (endsAt < removeBefore) ends.delete(tokenId);
      else if (!inRedis.has(tokenId)) lost.push(endsAt, tokenId);
    }
    if (lost.length > 0) await redis.zadd(key, 'GT', ...lost);
    await redis.zremrangebyscore(key, '-inf', String(removeBefore));
  };

  return {
    isRevoked: (tokenId) => ends.has(tokenId),
    async refresh() {
      try {
        await read();
        if (isAway) log.info('The list of revoked tokens can be read again.', { revoked: ends.size });
        isAway = false;
      } catch (error) {
        // Logged once: the API refreshes every two seconds.
        if (!isAway)
          log.warn('The list of revoked tokens cannot be read; the last known list is used.', { revoked: ends.size, error });
        isAway = true;
      }
    },
  };
}
