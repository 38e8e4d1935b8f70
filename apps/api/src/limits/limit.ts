import { hash } from 'node:crypto';
import type { RedisClient } from '@tidings/queue';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** The span that every limit is counted over. */
export const WINDOW_S = 60;

/** How one caller stands with one limit, after a request of theirs was counted. */
export interface Count {
  name: string;
  perMinute: number;
  remaining: number;
  /** Until the count begins again, in milliseconds. */
  resetMs: number;
  over: boolean;
}

/** So many requests a minute for each caller. */
export interface Limit {
  /** Counts one request. One that is over the limit is not counted in Redis again until the minute is over. */
  count: (caller: string) => Promise<Count>;
  /** How the caller stands when this process knows already that they are over, without asking Redis; else null. */
  over: (caller: string) => Count | null;
}

interface LimitOptions {
  redis: RedisClient;
  prefix: string;
  name: string;
  perMinute: number;
}

/** So many callers who are over it are remembered before those whose minute has passed are forgotten. */
const SWEEP_AT = 1000;

/**
 * A limit that all API processes count together, in Redis, in a minute that begins with a caller's first request. While
 * Redis does not answer, each process counts by itself: no request fails or waits for it.
 */
export function createLimit({ redis, prefix, name, perMinute }: LimitOptions): Limit {
  const rules = { points: perMinute, duration: WINDOW_S, keyPrefix: `${prefix}:limit:${name}` };
  const limiter = new RateLimiterRedis({
    ...rules,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(rules),
  });
  const overUntil = new Map<string, number>();

  const over = (caller: string): Count | null => {
    const resetMs = (overUntil.get(caller) ?? 0) - performance.now();
    return resetMs > 0 ? { name, perMinute, remaining: 0, resetMs, over: true } : null;
  };
  const remember = (caller: string, resetMs: number): void => {
    const now = performance.now();
    overUntil.set(caller, now + resetMs);
    if (overUntil.size % SWEEP_AT !== 0) return;
    for (const [known, until] of overUntil) if (until <= now) overUntil.delete(known);
  };

  return {
    over,
    async count(caller) {
      const known = over(caller);
      if (known) return known;
      try {
        const { remainingPoints, msBeforeNext } = await limiter.consume(keyOf(caller));
        return { name, perMinute, remaining: remainingPoints, resetMs: msBeforeNext, over: false };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        remember(caller, refused.msBeforeNext);
        return { name, perMinute, remaining: 0, resetMs: refused.msBeforeNext, over: true };
      }
    },
  };
}

/** Of one length and one alphabet, whatever a caller is called; and Redis holds no addresses. */
function keyOf(caller: string): string {
  return hash('sha256', caller, 'base64url').slice(0, 22);
}
