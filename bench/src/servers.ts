import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '@tidings/database';
import { startPostgres, startProcess, startRedis, temporaryFolder, type LocalProcess } from '@tidings/local';

/** What a bench runs on. */
export interface Servers {
  /** Of a database that has been migrated. */
  databaseUrl: string;
  redisUrl: string;
  postgresPid: number;
  redisPid: number;
  /** One more database of that server, migrated. */
  addDatabase: (name: string) => Promise<string>;
  /** Has something undone at the end, the last first, before the servers are stopped. */
  atEnd: (undo: () => unknown) => void;
  /**
   * Starts a script of the bench, and resolves when it says that it is ready. It is stopped at the end.
   *
   * @param flags of Node; default: none
   */
  start: (script: string, env?: Record<string, string>, flags?: readonly string[]) => Promise<LocalProcess>;
}

/** Measures on servers of its own, and takes away what was started, whatever happens. */
export async function onServers<Result>(measure: (servers: Servers) => Promise<Result>): Promise<Result> {
  const { folder, remove } = temporaryFolder();
  const undos: (() => unknown)[] = [remove];
  const atEnd: Servers['atEnd'] = (undo) => void undos.unshift(undo);
  try {
    const postgres = await startPostgres({ folder: join(folder, 'postgres') });
    atEnd(() => postgres.stop());
    const redis = await startRedis({ folder: join(folder, 'redis') });
    atEnd(() => redis.stop());
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
      atEnd(() => started.stop());
      await started.waitFor('ready');
      return started;
    };
    return await measure({
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      postgresPid: postgres.pid,
      redisPid: redis.pid,
      addDatabase,
      atEnd,
      start,
    });
  } finally {
    for (const undo of undos) await Promise.resolve(undo());
  }
}
