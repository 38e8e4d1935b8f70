import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAccept } from '@tidings/accept';
import { orExit } from '@tidings/config';
import { createPartitionMaintenance, lastPosition, openDatabase, readWebhookStats } from '@tidings/database';
import { formatNetwork } from '@tidings/egress';
import { catalog } from '@tidings/events';
import { createPeriodicTask } from '@tidings/runtime/periodic-task';
import { startHealthServer } from '@tidings/runtime/health';
import { createLogger } from '@tidings/runtime/logging';
import {
  createAcceptMetrics,
  createPeriodicTaskMetrics,
  createEndedMetric,
  createProcessRegistry,
  measureDependencies,
  measurePool,
} from '@tidings/runtime/metrics';
import {
  connectRedis,
  createDeliveriesQueue,
  createTestsQueue,
  openQueues,
  pingRedis,
  testResultsChannel,
  type RedisPurpose,
} from '@tidings/queue';
import { createRevocations } from '@tidings/auth';
import { createSeal } from '@tidings/secrets';
import { waitForShutdown } from '@tidings/runtime/shutdown';
import { startTracing } from '@tidings/runtime/tracing';
import { adminRoutes } from './admin/routes.js';
import { QUEUE_PAGES, queuePages } from './admin/queues.js';
import { createBrowserSessions } from './admin/browser-sessions.js';
import { createApp } from './http/app.js';
import { readApiConfig } from './config.js';
import { createIssuerKeys } from './auth/issuer-keys.js';
import { readDashboard } from './dashboard/files.js';
import { createDeliveryLog } from './deliveries/delivery-log.js';
import { createReplay } from './deliveries/replay.js';
import { createRetry } from './deliveries/retry.js';
import { deliveryRoutes } from './deliveries/routes.js';
import { createDrain } from './http/drain.js';
import { eventRoutes } from './events/routes.js';
import { healthRoutes } from './health/routes.js';
import { measureRequests } from './http/http-metrics.js';
import { createLimits } from './limits/limits.js';
import { createApiServer } from './http/server.js';
import { STREAM, streamRoutes } from './stream/routes.js';
import { createLiveStream } from './stream/stream.js';
import { createTickets } from './stream/tickets.js';
import { createOwnerSettings } from './owners/settings.js';
import { registrationSchemas } from './webhooks/registration.js';
import { createRegistry } from './webhooks/registry.js';
import { createTestWebhook } from './webhooks/test-webhook.js';
import { retryUntilAvailable } from './retry-until-available.js';
import { webhookRoutes } from './webhooks/routes.js';

const SHUTDOWN_MS = 10_000;
/** How soon a revoked token or a disabled user is refused, and their streams end. */
const REFUSAL_MS = 2000;
/** What Vite built, where it is part of this deployment: files, not code that is imported. */
const DASHBOARD = join(import.meta.dirname, '../../dashboard/dist');

const config = orExit(() => readApiConfig(process.env));
const { prefix } = config;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const tracing = await startTracing({
  serviceName: 'tidings-api',
  settings: config.tracing,
  onError: (reason) => log.warn('Traces could not be sent.', { reason }),
});
const log = createLogger({ service: 'api', level: config.logLevel, format: config.logFormat, context: tracing?.activeIds });
if (config.addresses.allowed.length > 0) {
  log.warn('Webhooks may reach addresses that are not public (EGRESS_ALLOW_CIDRS).', {
    networks: config.addresses.allowed.map(formatNetwork),
  });
}

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
const counts = connect('limits');

// What is counted, for Prometheus …
const registry = createProcessRegistry({ service: 'api', version });
const ended = createEndedMetric(registry, ['cancelled', 'skipped']);
const acceptMetrics = createAcceptMetrics(registry, ended);
const observe = createPeriodicTaskMetrics(registry);
const dependencies = { postgresql: () => sql.query('SELECT 1'), redis: () => pingRedis(commands, prefix) };
measurePool(registry, database.pool);
measureDependencies(registry, dependencies);

// … accept: an event and its deliveries are committed, then enqueued and announced …
const deliveries = createDeliveriesQueue({ redis: commands, prefix });
const accept = createAccept({ sql, queue: deliveries, redis: commands, prefix, observe: acceptMetrics, log, tracing });

// … and what any process announces goes to the streams of this one.
const position = await retryUntilAvailable(() => lastPosition(sql), log);
const stream = createLiveStream({ sql, subscriber, prefix, position, settings: config.stream, registry, observe, log });

const keepLog = createPartitionMaintenance(sql, config.retentionDays, { log, observe });
keepLog.start();

// Who calls: a token, which may be revoked, or a ticket made with one; of a user who may have been disabled.
const revocations = createRevocations({ redis: commands, prefix, log });
const tickets = createTickets({ redis: commands, prefix });
const ownerSettings = createOwnerSettings(database);
const browserSessions = createBrowserSessions({ redis: commands, prefix });
const watchRefused = createPeriodicTask({
  name: 'refused callers',
  intervalMs: REFUSAL_MS,
  run: async () => {
    await revocations.refresh();
    try {
      await ownerSettings.refresh();
    } finally {
      // While PostgreSQL is away, tokens are revoked all the same.
      stream.endRefused({ isRevoked: revocations.isRevoked, isDisabled: ownerSettings.isDisabled });
    }
  },
  observe,
  log,
});
// Whoever comes first must not find the lists unread.
await revocations.refresh();
await retryUntilAvailable(ownerSettings.refresh, log);
watchRefused.start();
const { source, ...tokenRules } = config.token;
const keys = createIssuerKeys(source, log);
const watchKeys = createPeriodicTask({ name: 'keys', intervalMs: keys.refreshMs, run: keys.refresh, observe, log });
watchKeys.start();
const token = { ...tokenRules, findKey: keys.find, isRevoked: revocations.isRevoked };

const tests = createTestsQueue({ redis: commands, prefix });
const { testWebhook, stop: stopTests } = createTestWebhook({ queue: tests, subscriber, channel: testResultsChannel(prefix) });

const dashboard = config.dashboard ? { files: await readDashboard(DASHBOARD) } : null;
if (dashboard?.files === null) {
  log.warn('There is no dashboard: build it (npm run build), or say that none is wanted (DASHBOARD=false).', {
    folder: DASHBOARD,
  });
}

const seal = createSeal(config.sealKeys);
const onCancelled = (count: number): void => {
  ended('cancelled', count);
};
const webhooks = createRegistry({ database, seal, perOwner: config.webhooksPerOwner, onCancelled });
const deliveryLog = createDeliveryLog(database);
const queues = openQueues({ redis: commands, prefix });
const app = createApp({
  authentication: { token, isDisabled: ownerSettings.isDisabled, tickets: { path: STREAM, redeem: tickets.redeem } },
  limits: createLimits({ redis: counts, prefix, perMinute: config.requestLimits, limitOfOwner: ownerSettings.requestsPerMinute }),
  trustedProxies: config.trustedProxies,
  corsOrigins: config.corsOrigins,
  observe: measureRequests(registry, STREAM),
  dashboard,
  log,
  tracing,
  catalog,
  pages: {
    [QUEUE_PAGES]: queuePages({
      queues,
      browserSessions,
      isRefused: ({ owner, tokenId = '' }) => ownerSettings.isDisabled(owner) || revocations.isRevoked(tokenId),
    }),
  },
  routes: [
    ...healthRoutes(dependencies),
    ...webhookRoutes({
      registry: webhooks,
      testWebhook,
      schemas: registrationSchemas({ urlRules: config.urlRules, catalog, maxInFlight: config.maxInFlight }),
      readStats: (webhookIds) => readWebhookStats(sql, webhookIds),
    }),
    ...deliveryRoutes({
      deliveries: deliveryLog,
      retry: createRetry({ sql, queue: deliveries, log }),
      replay: createReplay({ sql, perSecond: config.replaysPerSecond }),
      registry: webhooks,
      catalog,
      sql,
    }),
    ...eventRoutes({
      accept,
      catalog,
      sql,
      onInvalid: () => {
        acceptMetrics.rejected('invalid');
      },
    }),
    ...streamRoutes({ stream, catalog, tickets }),
    ...adminRoutes({ database, seal, deliveries: deliveryLog, settings: ownerSettings, browserSessions, catalog, onCancelled }),
  ],
});

const health = config.healthPort === null ? undefined : await startHealthServer(config.healthPort, dependencies, registry);
const server = createApiServer(app, { maxConnections: config.maxConnections, log }).listen(config.port, config.host);
const drain = createDrain(server);
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
log.info('API is ready.', { url: `http://${config.host === '0.0.0.0' ? 'localhost' : config.host}:${String(port)}` });

async function stop(): Promise<void> {
  health?.close();
  const drained = drain();
  stopTests();
  await Promise.all([stream.stop(), keepLog.stop(), watchRefused.stop(), watchKeys.stop()]);
  await drained;
  await accept.idle();
  await deliveries.close();
  await tests.close();
  await Promise.all(queues.map((queue) => queue.close()));
  commands.disconnect();
  subscriber.disconnect();
  counts.disconnect();
  await database.close();
  await tracing?.shutdown();
}

await waitForShutdown({ stop, deadlineMs: SHUTDOWN_MS, log });
