import { createDatabaseCheck, openDatabase, readPartitionsAhead, shareConnections, type Database } from '@tidings/database';
import {
  connectRedis,
  createDeliveriesQueue,
  createExpansionsQueue,
  createRedisCheck,
  type DeliveriesQueue,
  type ExpansionsQueue,
  type RedisClient,
  type RedisPurpose,
  watchRedis,
} from '@tidings/queue';
import { createReadiness, type CheckReadiness } from '@tidings/runtime/health';
import type { Logger } from '@tidings/runtime/logging';
import { measureDependencies, measurePartitions, measurePools } from '@tidings/runtime/metrics';
import { createCanOpen } from '@tidings/secrets';
import type { WorkerConfig } from '../config.js';
import type { WorkerMetrics } from './telemetry.js';

interface ConnectionsParts {
  metrics: Pick<WorkerMetrics, 'registry'>;
  log: Logger;
}

type Pool = Database['pool'];

/** A pool of connections to PostgreSQL for each kind of work, so that none waits for the connections of another. */
export interface Pools {
  /** Claims and records deliveries, admits parked ones, ends superseded ones that were claimed, and reads the webhooks of tests. */
  delivering: Pool;
  /** Accepts events of the queue `events`, of outboxes, and of Tidings itself, and expands events. */
  accepting: Pool;
  /** Reconciles, runs the other periodic tasks, and decides which worker runs them. */
  periodic: Pool;
}

/**
 * The weights of the pools. One claim, one end of superseded deliveries, two records and one admission run at the same time; one
 * commit of accepted events and one chunk of an expansion; the periodic tasks seldom run together. With one connection for each
 * pool they take turns: no part holds a connection while it waits for another one.
 */
const WEIGHTS: Readonly<Record<keyof Pools, number>> = { delivering: 5, accepting: 2, periodic: 3 };

/** Connections to PostgreSQL and Redis. */
export interface Connections {
  pools: Pools;
  /** Redis, one connection for each purpose. */
  commands: RedisClient;
  jobs: RedisClient;
  /** The queue of deliveries, on `commands`. */
  queue: DeliveriesQueue;
  /** The queue of expansions, on `commands`. */
  expansions: ExpansionsQueue;
  /** Asks each dependency whether it answers. */
  dependencies: Readonly<Record<'postgresql' | 'redis', () => Promise<unknown>>>;
  /** Asks them for `/readyz` and the metrics, at most once a second. */
  readiness: CheckReadiness;
  close: () => Promise<void>;
}

/** Opens the connections of the worker, and measures them. PostgreSQL is not contacted before the first query. */
export function openConnections(
  config: Pick<
    WorkerConfig,
    'databaseUrl' | 'databasePool' | 'databasePooler' | 'sealKeys' | 'redisUrl' | 'prefix' | 'timeoutMs'
  >,
  { metrics, log }: ConnectionsParts,
): Connections {
  const shares = shareConnections(config.databasePool, WEIGHTS);
  const open = (pool: keyof Pools) =>
    openDatabase({
      url: config.databaseUrl,
      pooler: config.databasePooler,
      purpose: pool,
      maxConnections: shares[pool],
      // A record without a reply is tried again before its lease ends. A lease lasts twice the time limit of an attempt.
      statementTimeoutMs: Math.min(Math.max(config.timeoutMs, 2000), 10_000),
      onError: (error) => log.warn('A database connection broke.', { pool, error }),
    });
  const databases = { delivering: open('delivering'), accepting: open('accepting'), periodic: open('periodic') };
  const pools = {
    delivering: databases.delivering.pool,
    accepting: databases.accepting.pool,
    periodic: databases.periodic.pool,
  };
  const connect = (purpose: RedisPurpose) =>
    connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
  const commands = connect('command');
  watchRedis(commands, { log });
  const jobs = connect('worker');
  const queue = createDeliveriesQueue({ redis: commands, prefix: config.prefix });
  const expansions = createExpansionsQueue({ redis: commands, prefix: config.prefix });

  const dependencies = {
    postgresql: createDatabaseCheck({ pools, canOpen: createCanOpen(config.sealKeys), log }),
    redis: createRedisCheck(commands, config.prefix),
  };
  const readiness = createReadiness(dependencies);
  measurePools(metrics.registry, pools);
  measurePartitions(metrics.registry, () => readPartitionsAhead(pools.periodic));
  measureDependencies(metrics.registry, readiness);
  return {
    pools,
    commands,
    jobs,
    queue,
    expansions,
    dependencies,
    readiness,
    async close() {
      await queue.close();
      await expansions.close();
      for (const redis of [commands, jobs]) redis.disconnect();
      await Promise.all(Object.values(databases).map((database) => database.close()));
    },
  };
}
