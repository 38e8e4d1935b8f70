import { once } from 'node:events';
import { checkDatabaseUrl, openDatabase, readServer, type DatabaseOptions } from '@tidings/database';
import { connectRedis } from '@tidings/queue';
import { reasonOf } from '../failure.js';
import { readClock, type ClockReading } from './clocks.js';
import { findingFactory, type Finding } from './finding.js';
import { checkMigrations, checkPostgresql } from './postgresql.js';
import { checkEviction, checkPersistence, masterNodes } from './redis.js';
import { checkSealKeys } from './seal-keys.js';

const CONNECT_TIMEOUT_MS = 5000;

/** The findings about a server, and a reading of its clock; null when it did not answer. */
export interface ServerCheck {
  findings: Finding[];
  clock: ClockReading | null;
}

/**
 * Checks PostgreSQL: connection, migrations, and whether SECRETS_KEYS opens the sealed columns.
 *
 * @param url DATABASE_URL
 * @param sealKeys SECRETS_KEYS
 * @param pooler DATABASE_POOLER
 */
export async function checkDatabaseServer(
  url: string | undefined,
  sealKeys: string | undefined,
  pooler: DatabaseOptions['pooler'] = 'none',
): Promise<ServerCheck> {
  const { wrong } = findingFactory('PostgreSQL');
  const unusable = async (finding: Finding): Promise<ServerCheck> => ({
    findings: [finding, await checkSealKeys(sealKeys, null)],
    clock: null,
  });
  if (!url) return unusable(wrong('DATABASE_URL is not set', 'Set it to the value of the API and the workers.'));
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
    // The schema of an older version may not have these columns.
    const sealed = await checkSealKeys(sealKeys, database).catch((error: unknown) =>
      findingFactory('seal keys').skipped(`the sealed columns cannot be read: ${reasonOf(error)}`),
    );
    return { findings: [reachable, migrations, sealed], clock };
  } finally {
    await database.close();
  }
}

/**
 * Checks Redis: connection, eviction policy and persistence.
 *
 * @param url REDIS_URL
 */
export async function checkRedisServer(url: string | undefined): Promise<ServerCheck> {
  const { ok, wrong } = findingFactory('Redis');
  const unusable = (finding: Finding): ServerCheck => ({ findings: [finding], clock: null });
  if (!url) return unusable(wrong('REDIS_URL is not set', 'Set it to the value of the API and the workers.'));
  let lastError: unknown;
  try {
    const redis = connectRedis(url, 'command', (error) => {
      lastError = error;
    });
    try {
      // `once` rejects with the first error; without that, the client would reconnect forever.
      await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
      const nodes = masterNodes(redis);
      const clock = await readClock('Redis', async () => {
        const [seconds, microseconds] = await redis.time();
        return Number(seconds) * 1000 + Number(microseconds) / 1000;
      });
      const reachable = ok(nodes.length > 1 ? `a cluster of ${String(nodes.length)} masters answers` : 'answers');
      return { findings: [reachable, await checkEviction(nodes), await checkPersistence(nodes)], clock };
    } finally {
      redis.disconnect();
    }
  } catch (error) {
    const advice = 'Check REDIS_URL, whether Redis runs, and the network from here to it.';
    return unusable(wrong(`Redis cannot be used: ${reasonOf(lastError ?? error)}`, advice));
  }
}
