import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres, startProcess, startRedis, temporaryFolder, type LocalProcess } from '@tidings/local';

/** The servers of a bench. */
export interface Servers {
  /** The URL of a migrated database. */
  databaseUrl: string;
  redisUrl: string;
  postgresPid: number;
  redisPid: number;
  /** Creates another migrated database on the same server, and returns its URL. */
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
export async function withServers<Result>(measure: (servers: Servers) => Promise<Result>): Promise<Result> {
  const { folder, remove } = temporaryFolder();
  const cleanups: (() => unknown)[] = [remove];
  const addCleanup: Servers['addCleanup'] = (cleanUp) => void cleanups.unshift(cleanUp);
  try {
    const postgres = await startPostgres({ folder: join(folder, 'postgres') });
    addCleanup(() => postgres.stop());
    const redis = await startRedis({ folder: join(folder, 'redis') });
    addCleanup(() => redis.stop());
    await migrate(postgres.url);
    const addDatabase: Servers['addDatabase'] = async (name) => {
      const sql = new pg.Client({ connectionString: postgres.url });
      await sql.connect();
      await sql.query(`CREATE DATABASE ${name}`);
      await sql.end();
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      await migrate(url.href);
      return url.href;
    };
    const start: Servers['start'] = async (script, env, flags = []) => {
      const started = startProcess(process.execPath, [...flags, join(import.meta.dirname, script)], {
        env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: postgres.url, REDIS_URL: redis.url, ...env },
      });
      addCleanup(() => started.stop());
      await started.waitFor('ready');
      return started;
    };
    return await measure({
      databaseUrl: postgres.url,
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
