import { createDatabaseCheck, openDatabase, readPartitionsAhead, shareConnections, type Database } from '@tidings/database';
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
  /** Lists webhooks, deliveries and events, and reads the log for the streams. */
  reading: Database;
  /** Changes webhooks and deliveries, serves operators, maintains the partitions, and decides which process does. */
  administration: Database;
}

/** The weights of the pools. One commit of accepted events runs at a time; a list takes longer than any change. */
const WEIGHTS: Readonly<Record<keyof Databases, number>> = { accepting: 3, reading: 4, administration: 3 };

/** Connections to PostgreSQL and Redis. */
export interface Connections {
  databases: Databases;
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
  const open = (pool: keyof Databases) =>
    openDatabase({
      url: config.databaseUrl,
      pooler: config.databasePooler,
      purpose: pool,
      maxConnections: shares[pool],
      onError: (error) => log.warn('A database connection broke.', { pool, error }),
    });
  const databases = { accepting: open('accepting'), reading: open('reading'), administration: open('administration') };
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
