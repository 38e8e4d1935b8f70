import type { Redis } from 'ioredis';

/** A sorted set: the ids of tokens, by when the tokens end, in Unix seconds. Afterwards nobody needs to remember them. */
const keyOf = (prefix: string): string => `${prefix}:revoked`;

interface RevokedToken {
  /** The token's `jti`. */
  tokenId: string;
  /** The token's `exp`, in Unix seconds. */
  endsAt: number;
}

/** Revokes a token: every API process knows within its next round. Rejects while Redis is away. */
export async function revokeToken(redis: Redis, prefix: string, { tokenId, endsAt }: RevokedToken): Promise<void> {
  await redis.zadd(keyOf(prefix), endsAt, tokenId);
}

/** A process's own copy of the list: a request asks it without a round trip, and it holds while Redis is away. */
export interface Revocations {
  isRevoked: (tokenId: string) => boolean;
  /** Reads the list again, and drops what has ended. Rejects while Redis is away: what was known stays. */
  refresh: () => Promise<void>;
}

/** Keeps such a copy. Nothing is revoked until it was refreshed for the first time. */
export function createRevocations(redis: Redis, prefix: string): Revocations {
  let revoked: ReadonlySet<string> = new Set();
  return {
    isRevoked: (tokenId) => revoked.has(tokenId),
    async refresh() {
      const key = keyOf(prefix);
      const ids = await redis.zrange(key, '0', '-1');
      revoked = new Set(ids);
      // A minute later than need be: clocks differ.
      await redis.zremrangebyscore(key, '-inf', String(Math.floor(Date.now() / 1000) - 60));
    },
  };
}
