import { openDatabase, type Database } from '@tidings/database';
import { connectRedis, pingRedis, type RedisClient, type RedisPurpose } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { measureDependencies, measurePool } from '@tidings/runtime/metrics';
import type { ApiConfig } from '../config.js';
import type { ApiMetrics } from './telemetry.js';

interface ConnectionsParts {
  metrics: Pick<ApiMetrics, 'registry'>;
  log: Logger;
  /** Counts requests for the rate limits. Default: a new connection. */
  limitsRedis: RedisClient | undefined;
}

/** Connections to PostgreSQL and Redis. */
export interface Connections {
  database: Database;
  /** The pool of `database`, for the statements of the hot path. */
  sql: Database['pool'];
  /** Redis, one connection for each purpose. */
  commands: RedisClient;
  subscriber: RedisClient;
  counts: RedisClient;
  /** Asks each dependency whether it answers, for `/readyz` and the metrics. */
  dependencies: Readonly<Record<'postgresql' | 'redis', () => Promise<unknown>>>;
  close: () => Promise<void>;
}

/** Opens the connections of the API, and measures them. PostgreSQL is not contacted before the first query. */
export function openConnections(
  config: Pick<ApiConfig, 'databaseUrl' | 'databasePool' | 'redisUrl' | 'prefix'>,
  { metrics, log, limitsRedis }: ConnectionsParts,
): Connections {
  const database = openDatabase({
    url: config.databaseUrl,
    maxConnections: config.databasePool,
    onError: (error) => log.warn('A database connection broke.', { error }),
  });
  const sql = database.pool;
  const connect = (purpose: RedisPurpose) =>
    connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
  const commands = connect('command');
  const subscriber = connect('subscriber');
  const counts = limitsRedis ?? connect('limits');

  const dependencies = { postgresql: () => sql.query('SELECT 1'), redis: () => pingRedis(commands, config.prefix) };
  measurePool(metrics.registry, sql);
  measureDependencies(metrics.registry, dependencies);
  return {
    database,
    sql,
    commands,
    subscriber,
    counts,
    dependencies,
    async close() {
      for (const redis of [commands, subscriber, counts]) redis.disconnect();
      await database.close();
    },
  };
}
