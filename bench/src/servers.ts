import { join } from 'node:path';
import { migrate } from '@tidings/database';
import { startPostgres, startRedis, temporaryFolder } from '@tidings/local';

/** What a bench runs on. */
export interface Servers {
  /** Of a database that has been migrated. */
  databaseUrl: string;
  redisUrl: string;
  redisPid: number;
  /** Has something undone at the end, the last first, before the servers are stopped. */
  atEnd: (undo: () => unknown) => void;
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
    return await measure({ databaseUrl: postgres.url, redisUrl: redis.url, redisPid: redis.pid, atEnd });
  } finally {
    for (const undo of undos) await Promise.resolve(undo());
  }
}
