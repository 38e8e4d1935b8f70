import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/queue';

const OPAQUE_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Texts that stand for a caller where no token can be sent: whoever has one is taken for whom it was made. */
export interface OpaqueTokens<Kept> {
  /** Makes one, which ends after so many seconds. Rejects while Redis is away, as the others do. */
  make: (kept: Kept, lifeS: number) => Promise<string>;
  /** Whose it is; null: there is none such. */
  find: (text: string) => Promise<Kept | null>;
  /** The same, once: then it is gone. */
  take: (text: string) => Promise<Kept | null>;
}

interface OpaqueTokenOptions {
  redis: RedisClient;
  prefix: string;
  /** Of its kind, within its keys. */
  name: string;
}

/** Redis holds only a digest of each, as long as it lasts: whoever reads Redis cannot use them. What is kept has to be JSON. */
export function createOpaqueTokens<Kept extends object>({ redis, prefix, name }: OpaqueTokenOptions): OpaqueTokens<Kept> {
  const keyOf = (text: string): string => `${prefix}:${name}:${createHash('sha256').update(text).digest('base64url')}`;
  const read = async (text: string, command: (key: string) => Promise<string | null>): Promise<Kept | null> => {
    if (!OPAQUE_TOKEN.test(text)) return null;
    const stored = await command(keyOf(text));
    return stored === null ? null : (JSON.parse(stored) as Kept);
  };
  return {
    async make(kept, lifeS) {
      const text = randomBytes(32).toString('base64url');
      await redis.set(keyOf(text), JSON.stringify(kept), 'EX', lifeS);
      return text;
    },
    find: (text) => read(text, (key) => redis.get(key)),
    take: (text) => read(text, (key) => redis.getdel(key)),
  };
}
