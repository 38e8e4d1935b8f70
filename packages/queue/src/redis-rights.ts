import { randomBytes } from 'node:crypto';
import type { RedisClient } from '@tidings/events';
import { isMissingRight, RedisError } from './redis-problem.js';

type Command = readonly [name: string, ...args: (string | number)[]];

/** How long the keys last that a check writes if it cannot delete them, in milliseconds. */
const KEY_LASTS_MS = 60_000;
/** How long all rights count as given once they were, in milliseconds. In between a check tries those that fail together with others. */
const TRUSTED_MS = 60_000;
const NO_SCRIPT = '0'.repeat(40);

/** What a user has to have for the shortest check: to write (a replica and a full Redis refuse it), to script, to read INFO. */
const SHORT = (prefix: string): Command[] => [
  ['set', `${prefix}:writable`, '1', 'PX', KEY_LASTS_MS],
  ['eval', 'return 1', 1, `${prefix}:writable`],
  ['info', 'server'],
];

/** One harmless call of each command of Tidings, of BullMQ's scripts and of the queue pages, in an order in which all succeed. */
function everyCommand(prefix: string): Command[] {
  const scratch = `${prefix}:check:${randomBytes(6).toString('hex')}`;
  const key = (type: string) => `${scratch}:${type}`;
  const [text, hash, list, set, sorted, stream] = ['text', 'hash', 'list', 'set', 'sorted', 'stream'].map(key) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return [
    ...SHORT(prefix),
    ['evalsha', NO_SCRIPT, 1, text],
    ['script', 'EXISTS', NO_SCRIPT],
    ['time'],
    ['publish', `${scratch}:channel`, ''],

    ['incr', text],
    ['incrby', text, 1],
    ['expire', text, 60],
    ['pexpire', text, KEY_LASTS_MS],
    ['pexpireat', text, Date.now() + KEY_LASTS_MS],
    ['pttl', text],
    ['persist', text],
    ['get', text],
    ['exists', text],
    ['type', text],
    ['rename', text, key('renamed')],
    ['getdel', key('renamed')],

    ['hset', hash, 'field', 1],
    ['hmset', hash, 'field', 1],
    ['hincrby', hash, 'field', 1],
    ['hget', hash, 'field'],
    ['hmget', hash, 'field'],
    ['hgetall', hash],
    ['hexists', hash, 'field'],
    ['hlen', hash],
    ['hscan', hash, 0],
    ['hdel', hash, 'field'],

    ['lpush', list, 'a'],
    ['rpush', list, 'b'],
    ['rpoplpush', list, list],
    ['lset', list, 0, 'b'],
    ['lindex', list, 0],
    ['llen', list],
    ['lpos', list, 'a'],
    ['lrange', list, 0, -1],
    ['lrem', list, 0, 'none'],
    ['ltrim', list, 0, -1],
    ['lpop', list],
    ['rpop', list],

    ['sadd', set, 'a'],
    ['scard', set],
    ['sismember', set, 'a'],
    ['smembers', set],
    ['sscan', set, 0],
    ['srem', set, 'a'],

    ['zadd', sorted, 1, 'a', 2, 'b', 3, 'c'],
    ['zcard', sorted],
    ['zcount', sorted, 0, 1],
    ['zlexcount', sorted, '-', '+'],
    ['zmscore', sorted, 'a'],
    ['zscore', sorted, 'a'],
    ['zrange', sorted, 0, -1],
    ['zrangebylex', sorted, '-', '+'],
    ['zrangebyscore', sorted, 0, 1],
    ['zrevrange', sorted, 0, -1],
    ['zrevrangebyscore', sorted, 1, 0],
    ['zrem', sorted, 'none'],
    ['zremrangebyrank', sorted, 9, 9],
    ['zremrangebyscore', sorted, 9, 9],
    ['zpopmin', sorted],
    ['bzpopmin', sorted, 1],

    ['xadd', stream, '*', 'field', 1],
    ['xlen', stream],
    ['xrange', stream, '-', '+'],
    ['xread', 'COUNT', 1, 'STREAMS', stream, 0],
    ['xdel', stream, '1-1'],
    ['xtrim', stream, 'MAXLEN', 0],

    ['del', text, hash, list, set],
    ['unlink', sorted, stream],
  ];
}

/** Runs the commands. Returns those for which the user lacks the right. Rejects with the first other reason why Redis cannot be used. */
async function withoutRight(redis: RedisClient, commands: readonly Command[]): Promise<{ name: string; error: Error }[]> {
  const results = await Promise.all(
    commands.map(([name, ...args]) =>
      redis.call(name, ...args).then(
        () => undefined,
        (error: unknown) => ({ name, error: error as Error }),
      ),
    ),
  );
  const failures = results.filter((failure) => failure !== undefined);
  const other = failures.find(({ error }) => !isMissingRight(error) && !error.message.startsWith('NOSCRIPT'));
  if (other) throw new RedisError(other.error);
  return failures.filter(({ error }) => isMissingRight(error));
}

/**
 * Returns the commands that Tidings needs and the user of the connection may not run, in capital letters; and whether there are any
 * only because of their key or channel. It runs each of them once, on keys of its own below the prefix, which it deletes.
 * Rejects with a {@link RedisError} while Redis cannot be used for another reason.
 */
export async function findMissingRights(
  redis: RedisClient,
  prefix: string,
): Promise<{ commands: string[]; reason: Error } | null> {
  const missing = await withoutRight(redis, everyCommand(prefix));
  const [first] = missing;
  return first ? { commands: [...new Set(missing.map(({ name }) => name.toUpperCase()))], reason: first.error } : null;
}

/**
 * Creates the check of Redis for `/readyz`. It resolves when Redis takes writes and the user has every right: a replica answers, too,
 * and so does a server whose memory is full. On a cluster it asks the node that holds the keys of `prefix`, since Tidings cannot
 * work without that node. Otherwise it rejects with a {@link RedisError}.
 */
export function createRedisCheck(redis: RedisClient, prefix: string): () => Promise<void> {
  let trustedUntil = -Infinity;
  return async () => {
    const isTrusted = performance.now() < trustedUntil;
    const missing = isTrusted ? await withoutRight(redis, SHORT(prefix)) : await withoutRight(redis, everyCommand(prefix));
    const [first] = missing;
    if (first) {
      trustedUntil = -Infinity;
      throw new RedisError(first.error, wordsOf(missing.map(({ name }) => name.toUpperCase())));
    }
    if (!isTrusted) trustedUntil = performance.now() + TRUSTED_MS;
  };
}

/** Names the commands. If all are missing, the reason is their key or channel, or a user without any right. */
function wordsOf(commands: readonly string[]): string {
  const unique = [...new Set(commands)];
  const named = unique.length > 5 ? [...unique.slice(0, 5), `${String(unique.length - 5)} more`] : unique;
  return `the Redis user may not run ${named.join(', ')} (NOPERM)`;
}
