import { OWNER_ID } from '@tidings/events';
import type { RedisClient } from '@tidings/queue';
import { createOpaqueTokens } from '../auth/opaque-tokens.js';
import type { Caller } from '@tidings/auth';
import { Problem } from '../problems/problem.js';

const LIFETIME_S = 60;

interface StoredCaller extends Omit<Caller, 'scopes'> {
  scopes: string[];
}

/** Single-use tickets that open a stream, for a browser's EventSource, which cannot send a token. */
export interface Tickets {
  /** Issues a ticket for the caller, and returns it with its expiry. Rejects with a 503 while Redis is not available. */
  issue: (caller: Caller) => Promise<{ ticket: string; expiresAt: Date }>;
  /**
   * Uses up a ticket, and returns its caller; null for an unknown or used ticket. Rejects with a 503 while Redis is not
   * available.
   */
  redeem: (ticket: string) => Promise<Caller | null>;
}

/** Creates the tickets of this installation. Redis stores their digests for 60 seconds. */
export function createTickets({ redis, prefix }: { redis: RedisClient; prefix: string }): Tickets {
  const opaqueTokens = createOpaqueTokens({ redis, prefix, name: 'ticket', isContent: isStoredCaller });
  return {
    async issue(caller) {
      const ticket = await opaqueTokens.create({ ...caller, scopes: [...caller.scopes] }, LIFETIME_S).catch(unavailable);
      return { ticket, expiresAt: new Date(Date.now() + LIFETIME_S * 1000) };
    },
    async redeem(ticket) {
      const caller = await opaqueTokens.redeem(ticket).catch(unavailable);
      return caller && { ...caller, tokenId: caller.tokenId, issuedAt: caller.issuedAt, scopes: new Set(caller.scopes) };
    },
  };
}

/** PostgreSQL refuses an owner that no token can name, such as one with a NUL. */
function isStoredCaller(value: unknown): value is StoredCaller {
  if (typeof value !== 'object' || value === null) return false;
  const { owner, scopes, expiresAt } = value as Partial<Record<keyof StoredCaller, unknown>>;
  return typeof owner === 'string' && OWNER_ID.test(owner) && Array.isArray(scopes) && typeof expiresAt === 'number';
}

function unavailable(): never {
  throw new Problem(503, 'Tickets are not available', {
    detail: 'Redis is not available. Open the stream with a token, or try again.',
    headers: { 'retry-after': '1' },
  });
}
