import type { RedisClient } from '@tidings/queue';
import { createOpaqueTokens } from '../auth/opaque-tokens.js';
import type { Caller } from '@tidings/auth';

/** An hour at most: afterwards the dashboard asks for another one. */
const LIFE_S = 3600;

interface Visitor extends Pick<Caller, 'owner' | 'expiresAt'> {
  tokenId: string | undefined;
}

/** Who may look at pages that a browser opens by itself, without a token. */
export interface BrowserSessions {
  /** Begins one in the caller's name. It ends with the caller's token, and after an hour. Rejects while Redis is away. */
  begin: (caller: Visitor) => Promise<{ visit: string; lifeS: number }>;
  /** Whose it is; null: there is none such. Rejects while Redis is away. */
  find: (visit: string) => Promise<Visitor | null>;
}

/** BrowserSessions of this Tidings: Redis knows them by their digests. */
export function createBrowserSessions({ redis, prefix }: { redis: RedisClient; prefix: string }): BrowserSessions {
  const opaqueTokens = createOpaqueTokens<Visitor>({ redis, prefix, name: 'visit' });
  return {
    async begin({ owner, expiresAt, tokenId }) {
      const lifeS = Math.max(1, Math.min(LIFE_S, Math.floor((expiresAt - Date.now()) / 1000)));
      return { visit: await opaqueTokens.make({ owner, expiresAt, tokenId }, lifeS), lifeS };
    },
    find: opaqueTokens.find,
  };
}
