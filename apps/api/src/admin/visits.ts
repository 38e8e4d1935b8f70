import type { RedisClient } from '@tidings/events';
import { createStandIns } from '../auth/stand-ins.js';
import type { Caller } from '../auth/verify-token.js';

/** An hour at most: afterwards the dashboard asks for another one. */
const LIFE_S = 3600;

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

/** Visits of this Tidings: Redis knows them by their digests. */
export function createVisits({ redis, prefix }: { redis: RedisClient; prefix: string }): Visits {
  const standIns = createStandIns<Visitor>({ redis, prefix, name: 'visit' });
  return {
    async begin({ userId, expiresAt, tokenId }) {
      const lifeS = Math.max(1, Math.min(LIFE_S, Math.floor((expiresAt - Date.now()) / 1000)));
      return { visit: await standIns.make({ userId, expiresAt, tokenId }, lifeS), lifeS };
    },
    find: standIns.find,
  };
}
