import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Express, RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { createAccept } from '@tidings/accept';
import { createPartitionMaintenance, createTaskHold, refuseUnusable } from '@tidings/database';
import { catalog } from '@tidings/events';
import {
  createDeliveriesQueue,
  createExpansionsQueue,
  createTestsQueue,
  openQueues,
  testResultsChannel,
  type RedisClient,
} from '@tidings/queue';
import { startHealthServer, type HealthServer } from '@tidings/runtime/health';
import type { Logger } from '@tidings/runtime/logging';
import { createSeal } from '@tidings/secrets';
import { QUEUE_PAGES, queuePages } from './admin/queues.js';
import { createCallers } from './compose/callers.js';
import { openConnections, type Databases } from './compose/connections.js';
import { findDashboard } from './compose/dashboard.js';
import { createRoutes } from './compose/routes.js';
import { openTelemetry } from './compose/telemetry.js';
import type { ApiConfig } from './config.js';
import { createApp } from './http/app.js';
import { createDrain } from './http/drain.js';
import { measureRequests } from './http/http-metrics.js';
import { createApiServer, type ServerTimeouts } from './http/server.js';
import { createLimits, type Limits } from './limits/limits.js';
import { retryUntilAvailable } from './retry-until-available.js';
import { STREAM } from './stream/routes.js';
import { createLiveStream } from './stream/stream.js';
import { createTestWebhook, type TestWebhook } from './webhooks/test-webhook.js';

/** Parts that a test replaces. Everything else follows from the configuration. */
export interface ApiOverrides {
  /** Receives the log lines. Default: standard output. */
  logStream?: NodeJS.WritableStream;
  /** Counts requests for the rate limits; the API disconnects it when it stops. Default: its own connection to `redisUrl`. */
  limitsRedis?: RedisClient;
  /** Tests a webhook. Default: hands the test to a worker and waits for the result. */
  testWebhook?: TestWebhook;
  /** Holds the built dashboard. Default: `apps/dashboard/dist`. */
  dashboardFolder?: string;
  /** Limits slow clients. Default: the times of `createApiServer`. */
  serverTimeouts?: ServerTimeouts;
  /**
   * How often revoked tokens and disabled owners are read, in milliseconds. Default 2,000: the longest time that a refused
   * caller is still served.
   */
  refusalIntervalMs?: number;
}

/** An API of this process. */
export interface Api {
  /** Waits for PostgreSQL, starts the periodic tasks, and listens. Rejects when a port is taken, and with a `SessionError`. */
  start: () => Promise<void>;
  /** Answers the requests in flight, ends the streams, and closes every connection. Called twice, it stops once. */
  stop: () => Promise<void>;
  /** The address of the started API, by which this machine reaches it. */
  readonly url: string;
  log: Logger;
  metrics: Registry;
  databases: Databases;
  app: Express;
  limits: Limits;
  /** Pages for browsers, by path. Each checks its browser session. */
  pages: Readonly<Record<string, RequestHandler>>;
  /** Reads revoked tokens and disabled owners now, and ends their streams. */
  endRefused: () => Promise<void>;
}

/** The folder into which Vite builds the dashboard: files of a deployment, not imported code. */
const DASHBOARD = join(import.meta.dirname, '../../dashboard/dist');
/** The default of `ApiOverrides.refusalIntervalMs`. */
const REFUSAL_INTERVAL_MS = 2000;

/** Builds the API in the order in which data flows. Nothing listens and no task runs before `start`. */
export async function composeApi(config: ApiConfig, overrides: ApiOverrides = {}): Promise<Api> {
  const { prefix } = config;
  const { log, tracing, metrics } = await openTelemetry(config, overrides.logStream);
  const { registry, observeTask } = metrics;
  const connections = openConnections(config, { metrics, log, limitsRedis: overrides.limitsRedis });
  const { databases, commands, subscriber, counts, dependencies } = connections;
  const { accepting, reading, administration } = databases;

  // Accept: an event and its deliveries are committed, then enqueued and announced; workers expand it if many webhooks match …
  const queue = createDeliveriesQueue({ redis: commands, prefix });
  const expansions = createExpansionsQueue({ redis: commands, prefix });
  const accept = createAccept({
    sql: accepting.pool,
    queue,
    expansions,
    redis: commands,
    prefix,
    catalog,
    observe: metrics.accept,
    log,
    tracing,
  });
  const maintenance = createPartitionMaintenance(administration.pool, config.retentionDays, {
    hold: createTaskHold(administration.pool),
    log,
    observe: observeTask,
  });

  // … and every announced event goes to the streams of this process.
  const stream = createLiveStream({
    sql: reading.pool,
    subscriber,
    prefix,
    settings: config.stream,
    registry,
    observe: observeTask,
    log,
  });

  const callers = createCallers({
    token: config.token,
    database: accepting,
    redis: commands,
    prefix,
    stream,
    intervalMs: overrides.refusalIntervalMs ?? REFUSAL_INTERVAL_MS,
    observe: observeTask,
    log,
  });
  const limits = createLimits({
    redis: counts,
    prefix,
    perMinute: config.requestLimits,
    limitOfOwner: callers.settings.requestsPerMinute,
  });

  // A worker sends the tests of webhooks: this process never contacts a registered URL.
  const testsQueue = createTestsQueue({ redis: commands, prefix });
  const tests = createTestWebhook({ queue: testsQueue, subscriber, channel: testResultsChannel(prefix) });

  const shownQueues = openQueues({ redis: commands, prefix });
  const pages = {
    [QUEUE_PAGES]: queuePages({ queues: shownQueues, browserSessions: callers.browserSessions, isRefused: callers.isRefused }),
  };
  const app = createApp({
    authentication: callers.authentication,
    limits,
    trustedProxies: config.trustedProxies,
    corsOrigins: config.corsOrigins,
    observe: measureRequests(registry, STREAM),
    dashboard: config.dashboard ? await findDashboard(overrides.dashboardFolder ?? DASHBOARD, log) : null,
    log,
    tracing,
    catalog,
    pages,
    routes: createRoutes({
      config,
      connections,
      metrics,
      seal: createSeal(config.sealKeys),
      accept,
      queue,
      stream,
      callers,
      testWebhook: overrides.testWebhook ?? tests.testWebhook,
      log,
    }),
  });
  const server = createApiServer(app, { maxConnections: config.maxConnections, log, ...overrides.serverTimeouts });
  const drain = createDrain(server);
  let health: HealthServer | undefined;
  let { port } = config;

  async function start(): Promise<void> {
    await refuseUnusable(reading.pool);
    await retryUntilAvailable(stream.start, log);
    maintenance.start();
    await callers.start();
    if (config.healthPort !== null) health = await startHealthServer(config.healthPort, dependencies, registry);
    server.listen(config.port, config.host);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    log.info('API is ready.', { url: urlOf(config.host, port) });
  }

  async function stop(): Promise<void> {
    health?.close();
    const drained = drain();
    tests.stop();
    await Promise.all([stream.stop(), maintenance.stop(), callers.stop()]);
    await drained;
    await accept.idle();
    await queue.close();
    await expansions.close();
    await testsQueue.close();
    await Promise.all(shownQueues.map((shown) => shown.close()));
    await connections.close();
    await tracing?.shutdown();
  }

  let stopped: Promise<void> | undefined;
  return {
    start,
    stop: () => (stopped ??= stop()),
    get url() {
      return urlOf(config.host, port);
    },
    log,
    metrics: registry,
    databases,
    app,
    limits,
    pages,
    endRefused: callers.endRefused,
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host === '0.0.0.0' ? 'localhost' : host}:${String(port)}`;
}
