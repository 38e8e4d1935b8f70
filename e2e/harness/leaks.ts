import { once } from 'node:events';
import { Cluster, type Redis } from 'ioredis';
import { openDatabase } from '@tidings/database';
import { openRedis } from '@tidings/events';
import { seenInAnyForm } from './seen.js';

interface Places {
  databaseUrl: string;
  redis: { url: string; prefix: string };
  /** Whether the suite has a Redis of its own, which it may have stopped for good. */
  redisMayBeGone: boolean;
  /** Everything that the processes wrote. */
  output: string;
}

/** Webhook secrets, as text and in PostgreSQL's hexadecimal, and JSON Web Tokens. */
const SECRETS = [/whsec_[A-Za-z0-9+/=]{8}/, /77687365635f/i, /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/];
const SHOWN = 60;

/**
 * Throws when a dump of the database, of Redis, or of all that the processes wrote holds what looks like a secret or a
 * token, or any of those that the suite has seen, in whatever column (I8).
 */
export async function expectNoLeaks({ databaseUrl, redis, redisMayBeGone, output }: Places): Promise<void> {
  const places = {
    'the log': output,
    'the database': await dumpDatabase(databaseUrl),
    Redis: await dumpRedis(redis).catch((error: unknown) => {
      if (redisMayBeGone) return '';
      throw error;
    }),
  };
  const seen = seenInAnyForm();
  for (const [place, text] of Object.entries(places)) {
    const at = [...SECRETS.map((pattern) => text.search(pattern)), ...seen.map((one) => text.indexOf(one))];
    const first = at.find((index) => index !== -1);
    if (first === undefined) continue;
    throw new Error(`A secret is in ${place}: …${text.slice(Math.max(0, first - SHOWN), first + SHOWN)}…`);
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
  const redis = openRedis(url, {
    server: { maxRetriesPerRequest: 1, retryStrategy: () => null },
    cluster: { clusterRetryStrategy: () => null },
  });
  redis.on('error', () => undefined);
  try {
    // A cluster knows its nodes only then; a lone server says with the first command that it is gone.
    if (redis instanceof Cluster) await once(redis, 'ready');
    const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
    return (await Promise.all(servers.map((server) => dumpServer(server, prefix)))).join('\n');
  } finally {
    redis.disconnect();
  }
}

/** All that one server has: the only one, or a node of a cluster. */
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
