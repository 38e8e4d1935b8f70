import { createHash, randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/queue';

const OPAQUE_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Random tokens for requests that cannot carry a bearer token. Each one refers to a content, such as a caller. */
export interface OpaqueTokens<Content> {
  /** Creates a token that expires after `lifetimeS` seconds. Rejects while Redis is unavailable, as the other functions do. */
  create: (content: Content, lifetimeS: number) => Promise<string>;
  /** Returns the content of the token, or null for an unknown or expired token. */
  find: (token: string) => Promise<Content | null>;
  /** Returns the content of a single-use token and deletes the token. */
  redeem: (token: string) => Promise<Content | null>;
}

interface OpaqueTokenOptions<Content> {
  redis: RedisClient;
  prefix: string;
  /** The kind of token. It is part of the Redis key, after `prefix`. */
  name: string;
  /** Whether a value is a content. Anyone who reaches Redis can write one: a token with any other value counts as unknown. */
  isContent: (value: unknown) => value is Content;
}

/**
 * Creates a store of opaque tokens. Redis holds only a SHA-256 digest of each token, until the token expires, so that a reader
 * of Redis cannot use the tokens. The content must be serializable as JSON.
 */
export function createOpaqueTokens<Content extends object>(options: OpaqueTokenOptions<Content>): OpaqueTokens<Content> {
  const { redis, prefix, name, isContent } = options;
  const keyOf = (token: string): string => `${prefix}:${name}:${createHash('sha256').update(token).digest('base64url')}`;
  const read = async (token: string, command: (key: string) => Promise<string | null>): Promise<Content | null> => {
    if (!OPAQUE_TOKEN.test(token)) return null;
    const stored = await command(keyOf(token));
    const content = stored === null ? null : parse(stored);
    return isContent(content) ? content : null;
  };
  return {
    async create(content, lifetimeS) {
      const token = randomBytes(32).toString('base64url');
      await redis.set(keyOf(token), JSON.stringify(content), 'EX', lifetimeS);
      return token;
    },
    find: (token) => read(token, (key) => redis.get(key)),
    redeem: (token) => read(token, (key) => redis.getdel(key)),
  };
}

/** Returns the value of a JSON text; null for any other text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
