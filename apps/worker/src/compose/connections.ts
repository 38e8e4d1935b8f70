import { openDatabase, type Database } from '@tidings/database';
import {
  connectRedis,
  createDeliveriesQueue,
  pingRedis,
  type DeliveriesQueue,
  type RedisClient,
  type RedisPurpose,
} from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { measureDependencies, measurePool } from '@tidings/runtime/metrics';
import type { WorkerConfig } from '../config.js';
import type { WorkerMetrics } from './telemetry.js';

interface ConnectionsParts {
  metrics: Pick<WorkerMetrics, 'registry'>;
  log: Logger;
}

/** Connections to PostgreSQL and Redis. */
export interface Connections {
  sql: Database['pool'];
  /** Redis, one connection for each purpose. */
  commands: RedisClient;
  jobs: RedisClient;
  /** The queue of deliveries, on `commands`. */
  queue: DeliveriesQueue;
  /** Asks each dependency whether it answers, for `/readyz` and the metrics. */
  dependencies: Readonly<Record<'postgresql' | 'redis', () => Promise<unknown>>>;
  close: () => Promise<void>;
}

/** Opens the connections of the worker, and measures them. PostgreSQL is not contacted before the first query. */
export function openConnections(
  config: Pick<WorkerConfig, 'databaseUrl' | 'databasePool' | 'redisUrl' | 'prefix' | 'timeoutMs'>,
  { metrics, log }: ConnectionsParts,
): Connections {
  const database = openDatabase({
    url: config.databaseUrl,
    maxConnections: config.databasePool,
    // A record without a reply is tried again before its lease ends. A lease lasts twice the time limit of an attempt.
    statementTimeoutMs: Math.min(Math.max(config.timeoutMs, 2000), 10_000),
    onError: (error) => log.warn('A database connection broke.', { error }),
  });
  const sql = database.pool;
  const connect = (purpose: RedisPurpose) =>
    connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
  const commands = connect('command');
  const jobs = connect('worker');
  const queue = createDeliveriesQueue({ redis: commands, prefix: config.prefix });

  const dependencies = { postgresql: () => sql.query('SELECT 1'), redis: () => pingRedis(commands, config.prefix) };
  measurePool(metrics.registry, sql);
  measureDependencies(metrics.registry, dependencies);
  return {
    sql,
    commands,
    jobs,
    queue,
    dependencies,
    async close() {
      await queue.close();
      for (const redis of [commands, jobs]) redis.disconnect();
      await database.close();
    },
  };
}
