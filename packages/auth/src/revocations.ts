import { once } from 'node:events';
import type { RedisClient } from '@tidings/events';

/** A sorted set: the ids of tokens, by when the tokens end, in Unix seconds. Afterwards nobody needs to remember them. */
const keyOf = (prefix: string): string => `${prefix}:revoked`;

interface RevokedToken {
  /** The token's `jti`. */
  tokenId: string;
  /** The token's `exp`, in Unix seconds. */
  endsAt: number;
}

/**
 * Revokes a token: every API process knows within its next round. Revoked twice, it is remembered until the later end.
 * Rejects while Redis is away.
 */
export async function revokeToken(redis: RedisClient, prefix: string, { tokenId, endsAt }: RevokedToken): Promise<void> {
  await redis.zadd(keyOf(prefix), 'GT', endsAt, tokenId);
}

/** A process's own copy of the list: a request asks it without a round trip, and it holds while Redis is away. */
export interface Revocations {
  isRevoked: (tokenId: string) => boolean;
  /** Reads the list again, and drops what has ended. While Redis is away, what was known stays; never rejects. */
  refresh: () => Promise<void>;
}

interface RevocationsParts {
  /** A connection whose commands fail, rather than wait, while Redis is away. */
  redis: RedisClient;
  /** Before every key, such as `{tidings}`. */
  prefix: string;
  log: { warn: (message: string, details: object) => void; info: (message: string, details: object) => void };
}

/** So long a round waits for a connection that is being made, in milliseconds. */
const CONNECT_MS = 2000;
/** What has ended stays for so long, in seconds: the clocks of the processes differ. */
const CLOCKS_DIFFER_S = 60;

/**
 * Keeps such a copy. Nothing is revoked until it was refreshed for the first time, and nothing that was revoked comes back:
 * what Redis has lost (FLUSHALL, a failover) is written to it again.
 */
export function createRevocations({ redis, prefix, log }: RevocationsParts): Revocations {
  const key = keyOf(prefix);
  const ends = new Map<string, number>();
  let away = false;

  const read = async (): Promise<void> => {
    if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) });
    const entries = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    const kept = new Map<string, number>();
    for (let index = 0; index + 1 < entries.length; index += 2) kept.set(String(entries[index]), Number(entries[index + 1]));
    for (const [tokenId, endsAt] of kept) ends.set(tokenId, endsAt);

    const over = Math.floor(Date.now() / 1000) - CLOCKS_DIFFER_S;
    const lost: (string | number)[] = [];
    for (const [tokenId, endsAt] of ends) {
      if (endsAt < over) ends.delete(tokenId);
      else if (!kept.has(tokenId)) lost.push(endsAt, tokenId);
    }
    if (lost.length > 0) await redis.zadd(key, 'GT', ...lost);
    await redis.zremrangebyscore(key, '-inf', String(over));
  };

  return {
    isRevoked: (tokenId) => ends.has(tokenId),
    async refresh() {
      try {
        await read();
        if (away) log.info('The list of revoked tokens is read again.', { revoked: ends.size });
        away = false;
      } catch (error) {
        // Said once: a round comes every two seconds.
        if (!away)
          log.warn('The list of revoked tokens cannot be read; the last known one holds.', { revoked: ends.size, error });
        away = true;
      }
    },
  };
}
