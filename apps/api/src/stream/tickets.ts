import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/events';
import type { Caller } from '../auth/verify-token.js';
import { Problem } from '../problems/problem.js';

const LIFE_S = 60;
const TICKET = /^[A-Za-z0-9_-]{43}$/;

interface StoredCaller extends Omit<Caller, 'scopes'> {
  scopes: string[];
}

/** Tickets that open one stream each: a browser's EventSource cannot send a token. */
export interface Tickets {
  /** A ticket in the caller's name, and when it ends. Rejects with a 503 while Redis is away. */
  issue: (caller: Caller) => Promise<{ ticket: string; expiresAt: Date }>;
  /** Whose ticket it is, once: null for any other text, and the second time. Rejects with a 503 while Redis is away. */
  redeem: (ticket: string) => Promise<Caller | null>;
}

/** Redis holds only a digest of each, for 60 seconds: whoever reads Redis cannot use them. */
export function createTickets({ redis, prefix }: { redis: RedisClient; prefix: string }): Tickets {
  const keyOf = (ticket: string): string => `${prefix}:ticket:${createHash('sha256').update(ticket).digest('base64url')}`;
  return {
    async issue(caller) {
      const ticket = randomBytes(32).toString('base64url');
      const stored: StoredCaller = { ...caller, scopes: [...caller.scopes] };
      await redis.set(keyOf(ticket), JSON.stringify(stored), 'EX', LIFE_S).catch(unavailable);
      return { ticket, expiresAt: new Date(Date.now() + LIFE_S * 1000) };
    },
    async redeem(ticket) {
      if (!TICKET.test(ticket)) return null;
      const stored = await redis.getdel(keyOf(ticket)).catch(unavailable);
      if (stored === null) return null;
      const caller = JSON.parse(stored) as StoredCaller;
      return { ...caller, tokenId: caller.tokenId, scopes: new Set(caller.scopes) };
    },
  };
}

function unavailable(): never {
  throw new Problem(503, 'Tickets are not available', {
    detail: 'Redis is away. Open the stream with a token, or try again.',
    headers: { 'retry-after': '1' },
  });
}
