import type pg from 'pg';
import { markAsDatabaseError } from './failure.js';

/** Marks the errors of a pool's connections, so that they are told from those of Redis: both fail with `ECONNREFUSED`. */
export function markErrors(pool: pg.Pool): void {
  // Runs before the statements in flight are rejected with the same error.
  pool.on('connect', (client) => client.on('error', markAsDatabaseError));
  const connect = pool.connect.bind(pool) as (callback: ConnectCallback) => void;
  const marking = (callback: ConnectCallback): void => {
    connect((error, client, release) => {
      if (error) markAsDatabaseError(error);
      callback(error, client, release);
    });
  };
  // `pool.query` and Prisma connect through this function, too.
  pool.connect = ((callback?: ConnectCallback) => {
    if (callback) {
      marking(callback);
      return undefined;
    }
    return new Promise<pg.PoolClient>((resolve, reject) => {
      marking((error, client) => {
        if (error) reject(error);
        else resolve(client as pg.PoolClient);
      });
    });
  }) as pg.Pool['connect'];
}

type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: (error?: unknown) => void) => void;
