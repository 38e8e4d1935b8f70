import type { Caller } from '@tidings/auth';
import { OWNER_ID } from '@tidings/events';
import type { RedisClient } from '@tidings/queue';
import { createOpaqueTokens } from '../auth/opaque-tokens.js';

/** The longest lifetime of a session. The dashboard starts a new one afterwards. */
const MAX_LIFETIME_S = 3600;

/** The operator of a session. `expiresAt`, `tokenId` and `issuedAt` belong to the bearer token that started it. */
export type BrowserSession = Pick<Caller, 'owner' | 'expiresAt' | 'tokenId' | 'issuedAt'>;

/** Sessions for pages that a browser opens itself, without a bearer token. */
export interface BrowserSessions {
  /**
   * Starts a session for the caller. It ends when the caller's token expires, and after one hour at the latest. Rejects while
   * Redis is unavailable.
   */
  start: (caller: BrowserSession) => Promise<{ sessionToken: string; lifetimeS: number }>;
  /** Returns the session of the token, or null for an unknown token. Rejects while Redis is unavailable. */
  find: (sessionToken: string) => Promise<BrowserSession | null>;
}

/** Creates the browser sessions of this installation. Redis stores only digests of their tokens. */
export function createBrowserSessions({ redis, prefix }: { redis: RedisClient; prefix: string }): BrowserSessions {
  const tokens = createOpaqueTokens({ redis, prefix, name: 'browser-session', isContent: isBrowserSession });
  return {
    async start({ owner, expiresAt, tokenId, issuedAt }) {
      const lifetimeS = Math.max(1, Math.min(MAX_LIFETIME_S, Math.floor((expiresAt - Date.now()) / 1000)));
      return { sessionToken: await tokens.create({ owner, expiresAt, tokenId, issuedAt }, lifetimeS), lifetimeS };
    },
    find: tokens.find,
  };
}

function isBrowserSession(value: unknown): value is BrowserSession {
  if (typeof value !== 'object' || value === null) return false;
  const { owner, expiresAt } = value as Partial<Record<keyof BrowserSession, unknown>>;
  return typeof owner === 'string' && OWNER_ID.test(owner) && typeof expiresAt === 'number';
}
