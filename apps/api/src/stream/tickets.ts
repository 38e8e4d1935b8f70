import type { RedisClient } from '@tidings/queue';
import { createOpaqueTokens } from '../auth/opaque-tokens.js';
import type { Caller } from '@tidings/auth';
import { Problem } from '../problems/problem.js';

const LIFE_S = 60;

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

/** Tickets of this Tidings: Redis knows them by their digests, for 60 seconds. */
export function createTickets({ redis, prefix }: { redis: RedisClient; prefix: string }): Tickets {
  const opaqueTokens = createOpaqueTokens<StoredCaller>({ redis, prefix, name: 'ticket' });
  return {
    async issue(caller) {
      const ticket = await opaqueTokens.create({ ...caller, scopes: [...caller.scopes] }, LIFE_S).catch(unavailable);
      return { ticket, expiresAt: new Date(Date.now() + LIFE_S * 1000) };
    },
    async redeem(ticket) {
      const caller = await opaqueTokens.redeem(ticket).catch(unavailable);
      return caller && { ...caller, tokenId: caller.tokenId, scopes: new Set(caller.scopes) };
    },
  };
}

function unavailable(): never {
  throw new Problem(503, 'Tickets are not available', {
    detail: 'Redis is away. Open the stream with a token, or try again.',
    headers: { 'retry-after': '1' },
  });
}
