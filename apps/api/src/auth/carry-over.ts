import type { NewRevocation } from '@tidings/database';
import type { RedisClient } from '@tidings/queue';
import { TOKEN_ID } from '@tidings/auth';

/** The sorted set in which versions until now kept revoked tokens: the `jti`, scored by the `exp` that the caller gave. */
const keyOf = (prefix: string): string => `${prefix}:revoked`;
/** How long earlier versions keep ended tokens in the set, in seconds. */
const KEPT_S = 600;
const CHUNK = 1000;

interface CarryOverParts {
  /** A connection for the purpose `command`. */
  redis: RedisClient;
  prefix: string;
  isRevoked: (tokenId: string) => boolean;
  write: (revocations: readonly NewRevocation[]) => Promise<unknown>;
}

/**
 * Creates the task that writes the revoked tokens of earlier versions from Redis to PostgreSQL, those that PostgreSQL lacks. It
 * runs for as long as a process or a command of an earlier version may add some. Their ends are believed and never verified, so
 * these revocations have none. The set stays for them, without tokens that have ended. Rejects while Redis or PostgreSQL is away.
 */
export function createCarryOver({ redis, prefix, isRevoked, write }: CarryOverParts): () => Promise<void> {
  const key = keyOf(prefix);
  return async () => {
    const tokenIds = (await redis.zrange(key, '0', '-1')).map(String).filter((id) => TOKEN_ID.test(id) && !isRevoked(id));
    for (let index = 0; index < tokenIds.length; index += CHUNK) {
      await write(
        tokenIds
          .slice(index, index + CHUNK)
          .map((subject) => ({ kind: 'token', subject, notBefore: null, endsAt: null, owner: null })),
      );
    }
    // After all are written: an end in the set was never verified.
    await redis.zremrangebyscore(key, '-inf', String(Math.floor(Date.now() / 1000) - KEPT_S));
  };
}
