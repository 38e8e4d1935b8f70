import { once } from 'node:events';
import { openDatabase, readServer, type DatabaseOptions } from '@tidings/database';
import { checkDatabaseUrl } from '@tidings/database/url';
import { parseRedisUrl, unencodedCredentials } from '@tidings/events';
import { connectRedis, masterNodes, problemOf, type RedisPurpose } from '@tidings/queue';
import { reasonOf } from '../failure.js';
import { readClock, type ClockReading } from './clocks.js';
import { findingFactory, type Finding } from './finding.js';
import { checkMigrations, checkPostgresql } from './postgresql.js';
import { checkEviction, checkPersistence, checkWrites, countEnqueued } from './redis.js';
import { checkPartitions, checkRights } from './rights.js';
import { checkSealKeys } from './seal-keys.js';
import { checkDurability, checkServerSettings } from './server-settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/** The findings about a server, and a reading of its clock; null when it did not answer. */
export interface ServerCheck {
  findings: Finding[];
  clock: ClockReading | null;
}

/**
 * Checks PostgreSQL: connection, migrations, rights, partitions, settings, and whether SECRETS_KEYS opens the sealed columns.
 *
 * @param url DATABASE_URL
 * @param sealKeys SECRETS_KEYS
 * @param databasePool DATABASE_POOL
 * @param pooler DATABASE_POOLER
 */
export async function checkDatabaseServer(
  url: string | undefined,
  sealKeys: string | undefined,
  { databasePool, pooler = 'none' }: { databasePool?: string | undefined; pooler?: DatabaseOptions['pooler'] } = {},
): Promise<ServerCheck> {
  const { wrong } = findingFactory('PostgreSQL');
  const unusable = async (finding: Finding): Promise<ServerCheck> => ({
    findings: [finding, await checkSealKeys(sealKeys, null)],
    clock: null,
  });
  if (!url) return unusable(wrong('DATABASE_URL is not set', 'Set it to the value of the API and the workers.'));
  const mistake = unencodedCredentials(url);
  if (mistake !== undefined) return unusable(wrong(`DATABASE_URL is wrong: ${mistake}`, 'Encode the user and the password.'));
  try {
    checkDatabaseUrl(url);
  } catch (error) {
    return unusable(wrong(`DATABASE_URL ${reasonOf(error)}`, 'Write it as docs/deploying.md, The URL of the database, says.'));
  }
  const database = openDatabase({ url, pooler, maxConnections: 1, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  try {
    const reachable = await checkPostgresql(database, url);
    if (reachable.level === 'wrong') return await unusable(reachable);
    const clock = await readClock('PostgreSQL', async () => (await readServer(database.pool)).now.getTime());
    const migrations = await checkMigrations(database);
    // A database without migrations, or with those of an older version, has not all tables and columns.
    const orSkip = (check: string, found: Promise<Finding>) =>
      found.catch((error: unknown) => findingFactory(check).skipped(`it cannot be checked: ${reasonOf(error)}`));
    const isMigrated = migrations.level !== 'wrong';
    const findings = [
      reachable,
      migrations,
      ...(isMigrated
        ? [await orSkip('rights', checkRights(database)), await orSkip('partitions', checkPartitions(database))]
        : []),
      await orSkip('durability', checkDurability(database)),
      await orSkip('settings', checkServerSettings(database, databasePool)),
      isMigrated ? await orSkip('seal keys', checkSealKeys(sealKeys, database)) : await checkSealKeys(sealKeys, null),
    ];
    return { findings, clock };
  } finally {
    await database.close();
  }
}

/**
 * Checks Redis: connection, writes, the rights of the user, eviction policy and persistence.
 *
 * @param url REDIS_URL
 * @param prefix REDIS_PREFIX
 */
export async function checkRedisServer(url: string | undefined, prefix: string): Promise<ServerCheck> {
  const { wrong } = findingFactory('Redis');
  const unusable = (finding: Finding): ServerCheck => ({ findings: [finding], clock: null });
  if (!url) return unusable(wrong('REDIS_URL is not set', 'Set it to the value of the API and the workers.'));
  try {
    parseRedisUrl(url);
  } catch (error) {
    return unusable(wrong(`REDIS_URL is wrong: ${reasonOf(error)}`, 'Write it as redis://user:password@host:6379.'));
  }
  const connections: ReturnType<typeof connectRedis>[] = [];
  let lastError: unknown;
  const connect = async (purpose: RedisPurpose) => {
    const redis = connectRedis(url, purpose, (error) => {
      lastError = error;
    });
    connections.push(redis);
    // `once` rejects with the first error; without that, the client would reconnect forever.
    await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return redis;
  };
  try {
    const redis = await connect('command');
    const nodes = masterNodes(redis);
    const clock = await readClock('Redis', async () => {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1000 + Number(microseconds) / 1000;
    }).catch(() => null);
    const writes = await checkWrites(redis, await connect('subscriber'), prefix);
    const disk = await checkPersistence(nodes, await countEnqueued(redis, prefix));
    return { findings: [...writes, await checkEviction(nodes), disk], clock };
  } catch (error) {
    const problem = lastError ?? error;
    return unusable(wrong(`Redis cannot be used: ${reasonOf(problem)}`, problemOf(problem).advice));
  } finally {
    for (const redis of connections) redis.disconnect();
  }
}
