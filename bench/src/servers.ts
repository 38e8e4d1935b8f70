import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres, startProcess, startRedis, temporaryFolder, type LocalProcess } from '@tidings/local';
import { startYearCopy } from './year/copy.js';

/** The database that a bench measures on. */
export interface BenchOptions {
  /** Whether the database is a copy of that of a year (`npm run bench -- year`) instead of a new one. */
  year: boolean;
}

/** The servers of a bench. */
export interface Servers {
  /** The URL of a migrated database. */
  databaseUrl: string;
  redisUrl: string;
  /** NaN for a server of DATABASE_URL. */
  postgresPid: number;
  redisPid: number;
  /** Creates another, empty and migrated database on the same server until the end, and returns its URL. */
  addDatabase: (name: string) => Promise<string>;
  /** Adds a cleanup function. They run in reverse order, before the servers stop. */
  addCleanup: (cleanUp: () => unknown) => void;
  /**
   * Starts a script of the bench, and resolves when it prints `ready`. It is stopped at the end.
   *
   * @param flags of Node; default: none
   */
  start: (script: string, env?: Record<string, string>, flags?: readonly string[]) => Promise<LocalProcess>;
}

/** Starts a PostgreSQL and a Redis, runs `measure`, and stops everything afterwards, also after an error. */
export async function withServers<Result>(
  measure: (servers: Servers) => Promise<Result>,
  { year }: BenchOptions = { year: false },
): Promise<Result> {
  const { folder, remove } = temporaryFolder();
  const cleanups: (() => unknown)[] = [remove];
  const addCleanup: Servers['addCleanup'] = (cleanUp) => void cleanups.unshift(cleanUp);
  try {
    const { postgres, databaseUrl } = year
      ? await startYearCopy(addCleanup)
      : await startEmptyDatabase(join(folder, 'postgres'), addCleanup);
    const redis = await startRedis({ folder: join(folder, 'redis') });
    addCleanup(() => redis.stop());
    const addDatabase: Servers['addDatabase'] = async (name) => {
      const sql = new pg.Client({ connectionString: postgres.url });
      await sql.connect();
      addCleanup(() => sql.end());
      await sql.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await sql.query(`CREATE DATABASE ${name}`);
      addCleanup(() => sql.query(`DROP DATABASE ${name} WITH (FORCE)`));
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      await migrate(url.href);
      return url.href;
    };
    const start: Servers['start'] = async (script, env, flags = []) => {
      const started = startProcess(process.execPath, [...flags, join(import.meta.dirname, script)], {
        env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: databaseUrl, REDIS_URL: redis.url, ...env },
      });
      addCleanup(() => started.stop());
      await started.waitFor('ready');
      return started;
    };
    return await measure({
      databaseUrl,
      redisUrl: redis.url,
      postgresPid: postgres.pid,
      redisPid: redis.pid,
      addDatabase,
      addCleanup,
      start,
    });
  } finally {
    for (const cleanUp of cleanups) await Promise.resolve(cleanUp());
  }
}

async function startEmptyDatabase(folder: string, addCleanup: Servers['addCleanup']) {
  const postgres = await startPostgres({ folder });
  addCleanup(() => postgres.stop());
  await migrate(postgres.url);
  return { postgres, databaseUrl: postgres.url };
}
