import { once } from 'node:events';
import { Cluster, type Redis } from 'ioredis';
import { openDatabase } from '@tidings/database';
import { openRedis } from '@tidings/events';
import { encodedSecrets } from './known-secrets.js';

interface LeakSources {
  databaseUrl: string;
  redis: { url: string; prefix: string };
  /** True when the suite has its own Redis, which it may have stopped. */
  redisMayBeDown: boolean;
  /** The output of all processes. */
  output: string;
}

/** Webhook secrets, as text and as PostgreSQL shows bytes, in hexadecimal; and JSON Web Tokens. */
const SECRETS = [/whsec_[A-Za-z0-9+/=]{8}/, /77687365635f/i, /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/];
const EXCERPT_LENGTH = 60;

/**
 * Throws when a dump of the database, a dump of Redis, or the output of the processes contains a text that looks like a
 * secret or a token, or a secret that the suite remembered (I8).
 */
export async function expectNoLeaks({ databaseUrl, redis, redisMayBeDown, output }: LeakSources): Promise<void> {
  const sources = {
    'the log': output,
    'the database': await dumpDatabase(databaseUrl),
    Redis: await dumpRedis(redis).catch((error: unknown) => {
      if (redisMayBeDown) return '';
      throw error;
    }),
  };
  const secrets = encodedSecrets();
  for (const [source, text] of Object.entries(sources)) {
    const indexes = [...SECRETS.map((pattern) => text.search(pattern)), ...secrets.map((secret) => text.indexOf(secret))];
    const first = indexes.find((index) => index !== -1);
    if (first === undefined) continue;
    throw new Error(`A secret is in ${source}: …${text.slice(Math.max(0, first - EXCERPT_LENGTH), first + EXCERPT_LENGTH)}…`);
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

async function dumpRedis({ url, prefix }: LeakSources['redis']): Promise<string> {
  const redis = openRedis(url, {
    server: { maxRetriesPerRequest: 1, retryStrategy: () => null },
    cluster: { clusterRetryStrategy: () => null },
  });
  redis.on('error', () => undefined);
  try {
    // A cluster knows its nodes only when it is ready. A single server that is down rejects the first command.
    if (redis instanceof Cluster) await once(redis, 'ready');
    const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
    return (await Promise.all(servers.map((server) => dumpServer(server, prefix)))).join('\n');
  } finally {
    redis.disconnect();
  }
}

/** Dumps the keys of one server: a single one, or a node of a cluster. */
async function dumpServer(redis: Redis, prefix: string): Promise<string> {
  const texts: string[] = [];
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, '0', '-1'),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 }) as AsyncIterable<string[]>) {
    for (const key of keys) texts.push(key, JSON.stringify(await read[await redis.type(key)]?.(key)));
  }
  return texts.join('\n');
}
