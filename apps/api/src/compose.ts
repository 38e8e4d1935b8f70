import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Express, RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { createAccept, createChangeEventTypes, createEventTypes, inputOf, openEventTypes } from '@tidings/accept';
import { createPartitionMaintenance, createTaskHold, waitForDatabase } from '@tidings/database';
import { loadCatalog } from '@tidings/config';
import { catalog as shippedCatalog } from '@tidings/events';
import {
  createDeliveriesQueue,
  createExpansionsQueue,
  createTestsQueue,
  openQueues,
  testResultsChannel,
  type RedisClient,
} from '@tidings/queue';
import { startHealthServer, type HealthServer } from '@tidings/runtime/health';
import { startListening, urlOf } from '@tidings/runtime/listen';
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
import { withoutBasePath } from './http/base-path.js';
import { createDrain } from './http/drain.js';
import { trustedAddresses } from './http/proxies.js';
import { measureRequests } from './http/http-metrics.js';
import { createApiServer, type ServerTimeouts } from './http/server.js';
import { createLimits, type Limits } from './limits/limits.js';
import { createDescribe } from './openapi/describe-event-types.js';
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
   * How often revoked tokens and disabled owners are read, in milliseconds. Default 1,000: the longest time that a refused
   * caller is still served.
   */
  refusalIntervalMs?: number;
  /** The most revocations that can be made. Default 1,000,000. */
  maxRevocations?: number;
  /** How long the result of a readiness check counts, in milliseconds. Default 1,000. */
  readinessMaxAgeMs?: number;
}

/** An API of this process. */
export interface Api {
  /**
   * Waits until the database can be used, starts the periodic tasks, and listens; while it waits, it answers 503. Rejects with a
   * `ListenError` when an address is not available, and when the database cannot be used whatever happens.
   */
  start: () => Promise<void>;
  /**
   * Is not ready from now on, and after the delay of the configuration closes the port, ends the streams, answers the requests
   * in flight, and closes every connection. Called twice, it stops once.
   */
  stop: () => Promise<void>;
  /** The URL of the started API, by which this machine reaches it, with the base path. */
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
const REFUSAL_INTERVAL_MS = 1000;

/** Builds the API in the order in which data flows. Nothing listens and no task runs before `start`. */
export async function composeApi(config: ApiConfig, overrides: ApiOverrides = {}): Promise<Api> {
  const { prefix, basePath } = config;
  const catalog = await loadCatalog(config.eventTypes);
  const { log, tracing, metrics } = await openTelemetry(config, overrides.logStream);
  const { registry, observeTask } = metrics;
  const connections = openConnections(config, {
    metrics,
    log,
    limitsRedis: overrides.limitsRedis,
    readinessMaxAgeMs: overrides.readinessMaxAgeMs,
  });
  const { databases, commands, subscriber, counts, dependencies, readiness } = connections;
  const { accepting, reading, administration } = databases;

  const eventTypes = createEventTypes(reading.pool);
  const changeEventTypes = createChangeEventTypes(accepting.pool, eventTypes);

  const openTypes = () =>
    openEventTypes(
      { eventTypes, change: changeEventTypes, log },
      {
        configured: config.eventTypes === undefined ? undefined : catalog.describe().map(inputOf),
        shipped: shippedCatalog.describe().map(inputOf),
      },
    );

  // Accept: an event and its deliveries are committed, then enqueued and announced; workers expand it if many webhooks match …
  const queue = createDeliveriesQueue({ redis: commands, prefix });
  const expansions = createExpansionsQueue({ redis: commands, prefix });
  const accept = createAccept({
    sql: accepting.pool,
    queue,
    expansions,
    redis: commands,
    prefix,
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
    settings: { ...config.stream, perAddress: config.connectionsPerAddress },
    registry,
    observe: observeTask,
    log,
  });

  const callers = createCallers({
    token: config.token,
    database: accepting,
    redis: commands,
    subscriber,
    prefix,
    stream,
    intervalMs: overrides.refusalIntervalMs ?? REFUSAL_INTERVAL_MS,
    maxRevocations: overrides.maxRevocations,
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
    [QUEUE_PAGES]: queuePages({
      basePath,
      queues: shownQueues,
      browserSessions: callers.browserSessions,
      isRefused: callers.isRefused,
    }),
  };
  const app = createApp({
    authentication: callers.authentication,
    limits,
    basePath,
    trustedProxies: config.trustedProxies,
    corsOrigins: config.corsOrigins,
    observe: measureRequests(registry, STREAM),
    dashboard: config.dashboard ? await findDashboard(overrides.dashboardFolder ?? DASHBOARD, basePath, log) : null,
    log,
    tracing,
    eventTypes,
    describe: createDescribe(eventTypes),
    pages,
    isStarting: () => isStarting,
    routes: createRoutes({
      config,
      eventTypes,
      changeEventTypes,
      connections,
      metrics,
      seal: createSeal(config.sealKeys),
      accept,
      queue,
      stream,
      callers,
      testWebhook: overrides.testWebhook ?? tests.testWebhook,
      countDestination: limits.countDestination,
      isStopping: () => stopped !== undefined,
      log,
    }),
  });
  const server = createApiServer(withoutBasePath(basePath, app), {
    maxConnections: config.maxConnections,
    connectionsPerAddress: config.connectionsPerAddress,
    isTrustedProxy: trustedAddresses(app),
    log,
    ...overrides.serverTimeouts,
  });
  const drain = createDrain(server);
  let health: HealthServer | undefined;
  let { port } = config;
  let isStarting = true;
  let stopped: Promise<void> | undefined;

  async function listen(): Promise<void> {
    port = await startListening(server, { host: config.host, port, settings: { host: 'HOST', port: 'PORT' } });
  }

  async function start(): Promise<void> {
    if (config.healthServer !== null) health = await startHealthServer(config.healthServer, readiness, registry);
    // A port that is closed for a moment costs nothing behind a proxy. If the database cannot be used, `/readyz` says why.
    const listenEarly = async () => (server.listening ? undefined : listen());
    const check = () =>
      dependencies.postgresql().catch((error: unknown) => listenEarly().then(() => Promise.reject(error as Error)));
    const patience = { log, isStopping: () => stopped !== undefined };
    if (!(await waitForDatabase(check, patience))) return;
    if (!(await waitForDatabase(stream.start, patience))) return;
    if (!(await waitForDatabase(openTypes, patience))) return;
    maintenance.start();
    await callers.start();
    isStarting = false;
    await listenEarly();
    log.info('API is ready.', { url: urlOf(config.host, port) + basePath });
  }

  async function stop(): Promise<void> {
    health?.close();
    const { delayMs, idleMs } = config.shutdown;
    if (delayMs > 0) await setTimeout(delayMs);
    const drained = drain(idleMs);
    tests.stop();
    await Promise.all([stream.stop(), maintenance.stop()]);
    await drained;
    // The requests until then were still checked against revoked tokens and disabled owners.
    await callers.stop();
    await accept.idle();
    await queue.close();
    await expansions.close();
    await testsQueue.close();
    await Promise.all(shownQueues.map((shown) => shown.close()));
    await connections.close();
    await tracing?.shutdown();
  }

  return {
    start,
    stop: () => (stopped ??= stop()),
    get url() {
      return urlOf(config.host, port) + basePath;
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
