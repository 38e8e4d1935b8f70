import { hash } from 'node:crypto';
import type { RedisClient } from '@tidings/queue';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** The window of every limit, in seconds. */
export const WINDOW_S = 60;

/** The state of one limit for one client. */
export interface LimitState {
  name: string;
  perMinute: number;
  /** How many requests the client may still make in this window. */
  remaining: number;
  /** The time until the window ends, in milliseconds. */
  resetMs: number;
  isExceeded: boolean;
}

/** A limit on the requests of each client in a minute. A client is an owner or a network. */
export interface Limit {
  /** Consumes one point. After the client has exceeded the limit, Redis is not asked again until the window ends. */
  consume: (client: string) => Promise<LimitState>;
  /** Returns the state if this process knows that the client has exceeded the limit; else null. Does not ask Redis. */
  exceeded: (client: string) => LimitState | null;
}

interface LimitOptions {
  redis: RedisClient;
  prefix: string;
  name: string;
  perMinute: number;
}

/** Clients whose window has ended are removed from memory each time the number of remembered clients is a multiple of this. */
const SWEEP_AT = 1000;

/**
 * Creates a limit that all API processes share through Redis. A window begins with the first request of a client. While Redis
 * does not answer, each process counts in its own memory: no request fails, and none waits for Redis longer than a second.
 */
export function createLimit({ redis, prefix, name, perMinute }: LimitOptions): Limit {
  const rules = { points: perMinute, duration: WINDOW_S, keyPrefix: `${prefix}:limit:${name}` };
  const limiter = new RateLimiterRedis({
    ...rules,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(rules),
  });
  const exceededUntil = new Map<string, number>();

  const exceeded = (client: string): LimitState | null => {
    const resetMs = (exceededUntil.get(client) ?? 0) - performance.now();
    return resetMs > 0 ? { name, perMinute, remaining: 0, resetMs, isExceeded: true } : null;
  };
  const remember = (client: string, resetMs: number): void => {
    const now = performance.now();
    exceededUntil.set(client, now + resetMs);
    if (exceededUntil.size % SWEEP_AT !== 0) return;
    for (const [known, until] of exceededUntil) if (until <= now) exceededUntil.delete(known);
  };

  return {
    exceeded,
    async consume(client) {
      const known = exceeded(client);
      if (known) return known;
      try {
        const { remainingPoints, msBeforeNext } = await limiter.consume(keyOf(client));
        return { name, perMinute, remaining: remainingPoints, resetMs: msBeforeNext, isExceeded: false };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        remember(client, refused.msBeforeNext);
        return { name, perMinute, remaining: 0, resetMs: refused.msBeforeNext, isExceeded: true };
      }
    },
  };
}

/** Hashes the client, so that all keys have one length and one alphabet, and Redis holds no addresses. */
function keyOf(client: string): string {
  return hash('sha256', client, 'base64url').slice(0, 22);
}
