import { Redis } from 'ioredis';
import { openDatabase } from '@tidings/database';

interface Places {
  databaseUrl: string;
  redis: { url: string; prefix: string };
  /** Everything that the processes wrote. */
  output: string;
}

/** Webhook secrets, as text and in PostgreSQL's hexadecimal, and JSON Web Tokens. */
const SECRETS = [/whsec_[A-Za-z0-9+/=]{8}/, /77687365635f/i, /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/];
const SHOWN = 60;

/** Throws when a dump of the database, of Redis, or of all logs holds a secret or a token (I8). */
export async function expectNoLeaks({ databaseUrl, redis, output }: Places): Promise<void> {
  const places = { 'the log': output, 'the database': await dumpDatabase(databaseUrl), Redis: await dumpRedis(redis) };
  for (const [place, text] of Object.entries(places)) {
    for (const pattern of SECRETS) {
      const found = pattern.exec(text);
      if (!found) continue;
      const context = text.slice(Math.max(0, found.index - SHOWN), found.index + SHOWN);
      throw new Error(`A secret is in ${place}: …${context}…`);
    }
  }
}

async function dumpDatabase(url: string): Promise<string> {
  const { pool, close } = openDatabase({ url });
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ line: string }>(`SELECT dumped::text AS line FROM ${name} AS dumped`);
    texts.push(name, ...rows.map(({ line }) => line));
  }
  await close();
  return texts.join('\n');
}

async function dumpRedis({ url, prefix }: Places['redis']): Promise<string> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('error', () => undefined);
  const texts: string[] = [];
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, '0', '-1'),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 }) as AsyncIterable<string[]>) {
      for (const key of keys) texts.push(key, JSON.stringify(await read[await redis.type(key)]?.(key)));
    }
  } catch {
    // A test stopped its own Redis for good: there is nothing to read.
  }
  redis.disconnect();
  return texts.join('\n');
}
