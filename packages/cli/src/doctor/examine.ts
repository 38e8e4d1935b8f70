import { once } from 'node:events';
import { openDatabase, readServer } from '@tidings/database';
import { connectRedis } from '@tidings/queue';
import { reasonOf } from '../failure.js';
import { readClock, type ClockReading } from './clocks.js';
import { findingsOf, type Finding } from './finding.js';
import { checkMigrations, checkPostgresql } from './postgresql.js';
import { checkEviction, checkPersistence, nodesOf } from './redis.js';
import { checkSealKeys } from './seal-keys.js';

const CONNECT_MS = 5000;

/** What was found at a server, and what its clock said, if it answered. */
export interface Examined {
  findings: Finding[];
  clock: ClockReading | null;
}

/** PostgreSQL, its migrations, and what is sealed in it. */
export async function examineDatabase(url: string | undefined, sealKeys: string | undefined): Promise<Examined> {
  const { wrong } = findingsOf('PostgreSQL');
  const without = async (finding: Finding): Promise<Examined> => ({
    findings: [finding, await checkSealKeys(sealKeys, null)],
    clock: null,
  });
  if (!url) return without(wrong('DATABASE_URL is not set', 'Set it as it is for the API and the workers.'));
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    return without(wrong('DATABASE_URL is no URL of PostgreSQL', 'Write it as postgresql://user:password@host:5432/database.'));
  }
  const database = openDatabase({ url, maxConnections: 1, connectTimeoutMs: CONNECT_MS });
  try {
    const reachable = await checkPostgresql(database, url);
    if (reachable.level === 'wrong') return await without(reachable);
    const clock = await readClock('PostgreSQL', async () => (await readServer(database.pool)).now.getTime());
    const migrations = await checkMigrations(database);
    // What is sealed is in a table that an earlier version may not have.
    const sealed = await checkSealKeys(sealKeys, database).catch((error: unknown) =>
      findingsOf('seal keys').skipped(`what is sealed cannot be read: ${reasonOf(error)}`),
    );
    return { findings: [reachable, migrations, sealed], clock };
  } finally {
    await database.close();
  }
}

/** Redis: whether it answers, and keeps what it is given. */
export async function examineRedis(url: string | undefined): Promise<Examined> {
  const { ok, wrong } = findingsOf('Redis');
  const alone = (finding: Finding): Examined => ({ findings: [finding], clock: null });
  if (!url) return alone(wrong('REDIS_URL is not set', 'Set it as it is for the API and the workers.'));
  let lastError: unknown;
  try {
    const redis = connectRedis(url, 'command', (error) => {
      lastError = error;
    });
    try {
      // Rejects with the first error that it tells: it would try again and again.
      await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) });
      const nodes = nodesOf(redis);
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
    const advice = 'Check REDIS_URL, whether Redis runs, and whether it can be reached from here.';
    return alone(wrong(`Redis cannot be used: ${reasonOf(lastError ?? error)}`, advice));
  }
}
