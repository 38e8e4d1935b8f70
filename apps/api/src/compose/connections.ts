import {
  createDatabaseCheck,
  limitStatements,
  openDatabase,
  readPartitionsAhead,
  shareConnections,
  type Database,
  type DatabaseOptions,
} from '@tidings/database';
import { connectRedis, createRedisCheck, follow, type RedisClient, type RedisPurpose, watchRedis } from '@tidings/queue';
import { createReadiness, type CheckReadiness } from '@tidings/runtime/health';
import type { Logger } from '@tidings/runtime/logging';
import { measureDependencies, measurePartitions, measurePools } from '@tidings/runtime/metrics';
import { createCanOpen } from '@tidings/secrets';
import type { ApiConfig } from '../config.js';
import type { ApiMetrics } from './telemetry.js';

interface ConnectionsParts {
  metrics: Pick<ApiMetrics, 'registry'>;
  log: Logger;
  /** Counts requests for the rate limits. Default: a new connection. */
  limitsRedis: RedisClient | undefined;
  /** How long the result of a readiness check counts, in milliseconds. Default 1,000. */
  readinessMaxAgeMs?: number | undefined;
}

/** The database, with a pool of connections for each kind of work, so that none waits for the connections of another. */
export interface Databases {
  /** Accepts events, and reads which owners are disabled. */
  accepting: Database;
  /** Lists webhooks, deliveries and events, and reads the log for the streams. A statement may take a second. */
  reading: Database;
  /** Changes webhooks and deliveries, serves operators, maintains the partitions, and decides which process does. */
  administration: Database;
}

/** The weights of the pools. One commit of accepted events runs at a time; a list takes longer than any change. */
const WEIGHTS: Readonly<Record<keyof Databases, number>> = { accepting: 3, reading: 4, administration: 3 };

/** The time after which PostgreSQL cancels a statement of a read, in milliseconds: reads must not hold all connections for long. */
const READ_TIMEOUT_MS = 1000;

/** Connections to PostgreSQL and Redis. */
export interface Connections {
  databases: Databases;
  /** Reads for operators, on the connections of the administration. A statement may take a second, as one of `reading` may. */
  operatorReading: Pick<Database, 'pool' | 'prisma'>;
  /** Redis, one connection for each purpose. */
  commands: RedisClient;
  subscriber: RedisClient;
  counts: RedisClient;
  /** Asks each dependency whether it answers. */
  dependencies: Readonly<Record<'postgresql' | 'redis', () => Promise<unknown>>>;
  /** Asks them for `/readyz` and the metrics, at most once a second. */
  readiness: CheckReadiness;
  close: () => Promise<void>;
}

/** Opens the connections of the API, and measures them. PostgreSQL is not contacted before the first query. */
export function openConnections(
  config: Pick<ApiConfig, 'databaseUrl' | 'databasePool' | 'databasePooler' | 'sealKeys' | 'redisUrl' | 'prefix'>,
  { metrics, log, limitsRedis, readinessMaxAgeMs }: ConnectionsParts,
): Connections {
  const shares = shareConnections(config.databasePool, WEIGHTS);
  const open = (pool: keyof Databases, limits: Pick<DatabaseOptions, 'statementTimeoutMs'> = {}) =>
    openDatabase({
      url: config.databaseUrl,
      pooler: config.databasePooler,
      purpose: pool,
      maxConnections: shares[pool],
      ...limits,
      onError: (error) => log.warn('A database connection broke.', { pool, error }),
    });
  const databases = {
    accepting: open('accepting'),
    reading: open('reading', { statementTimeoutMs: READ_TIMEOUT_MS }),
    administration: open('administration'),
  };
  const pools = {
    accepting: databases.accepting.pool,
    reading: databases.reading.pool,
    administration: databases.administration.pool,
  };
  const connect = (purpose: RedisPurpose) =>
    connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
  const commands = connect('command');
  watchRedis(commands, { log });
  const subscriber = connect('subscriber');
  follow(subscriber, commands);
  const counts = limitsRedis ?? connect('limits');

  const dependencies = {
    postgresql: createDatabaseCheck({ pools, canOpen: createCanOpen(config.sealKeys), log }),
    redis: createRedisCheck(commands, config.prefix),
  };
  const readiness = createReadiness(dependencies, readinessMaxAgeMs);
  measurePools(metrics.registry, pools);
  measurePartitions(metrics.registry, () => readPartitionsAhead(databases.administration.pool));
  measureDependencies(metrics.registry, readiness);
  return {
    databases,
    operatorReading: limitStatements(databases.administration, READ_TIMEOUT_MS),
    commands,
    subscriber,
    counts,
    dependencies,
    readiness,
    async close() {
      for (const redis of [commands, subscriber, counts]) redis.disconnect();
      await Promise.all(Object.values(databases).map((database) => database.close()));
    },
  };
}
