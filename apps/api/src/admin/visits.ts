import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/events';
import type { Caller } from '../auth/verify-token.js';

/** An hour at most: afterwards the dashboard asks for another one. */
const LIFE_S = 3600;
const VISIT = /^[A-Za-z0-9_-]{43}$/;

interface Visitor extends Pick<Caller, 'userId' | 'expiresAt'> {
  tokenId: string | undefined;
}

/** Who may look at pages that a browser opens by itself, without a token. */
export interface Visits {
  /** Begins one in the caller's name. It ends with the caller's token, and after an hour. Rejects while Redis is away. */
  begin: (caller: Visitor) => Promise<{ visit: string; lifeS: number }>;
  /** Whose it is; null: there is none such. Rejects while Redis is away. */
  find: (visit: string) => Promise<Visitor | null>;
}

/** Redis holds only a digest of each: whoever reads Redis cannot use them. */
export function createVisits({ redis, prefix }: { redis: RedisClient; prefix: string }): Visits {
  const keyOf = (visit: string): string => `${prefix}:visit:${createHash('sha256').update(visit).digest('base64url')}`;
  return {
    async begin({ userId, expiresAt, tokenId }) {
      const visit = randomBytes(32).toString('base64url');
      const lifeS = Math.max(1, Math.min(LIFE_S, Math.floor((expiresAt - Date.now()) / 1000)));
      await redis.set(keyOf(visit), JSON.stringify({ userId, expiresAt, tokenId }), 'EX', lifeS);
      return { visit, lifeS };
    },
    async find(visit) {
      if (!VISIT.test(visit)) return null;
      const stored = await redis.get(keyOf(visit));
      return stored === null ? null : (JSON.parse(stored) as Visitor);
    },
  };
}
