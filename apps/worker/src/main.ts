import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { createAccept } from '@tidings/accept';
import { orExit } from '@tidings/config';
import {
  addActivity,
  connectToOutbox,
  createPartitionMaintenance,
  leaseMsFor,
  markNotified,
  openDatabase,
  readBacklog,
  readBacklogged,
  readEndpoint,
  readUnnotified,
  releaseDeliveries,
  WAKE_LIMIT,
  wakeDeliveries,
} from '@tidings/database';
import { createPeriodicTask } from '@tidings/runtime/periodic-task';
import { createAgents, createGuard, formatNetwork, hostNetworks } from '@tidings/egress';
import { catalog, createOutboxRelay, EVENTS_QUEUE, type EventDraft } from '@tidings/events';
import { startHealthServer } from '@tidings/runtime/health';
import { createLogger } from '@tidings/runtime/logging';
import {
  createAcceptMetrics,
  createPeriodicTaskMetrics,
  createProcessRegistry,
  measureDependencies,
  measurePool,
} from '@tidings/runtime/metrics';
import {
  connectRedis,
  createDeliveriesQueue,
  createJobCounts,
  createQueueWorker,
  DELIVERIES_QUEUE,
  type DeliveryJob,
  createTestLock,
  type TestJob,
  pingRedis,
  TESTS_QUEUE,
  type RedisPurpose,
  WAKE_AFTER_MS,
} from '@tidings/queue';
import { createSeal } from '@tidings/secrets';
import { waitForShutdown } from '@tidings/runtime/shutdown';
import { startTracing } from '@tidings/runtime/tracing';
import { createActivity } from './activity/activity.js';
import { createMeasureBacklog } from './backlog/measure-backlog.js';
import { createBacklogMetrics } from './backlog/metrics.js';
import { readWorkerConfig } from './config.js';
import { createDeliver } from './deliver/deliver.js';
import { createLease } from './deliver/lease.js';
import { buildRequest } from './deliver/request.js';
import { createSender } from './deliver/send.js';
import { traceDeliveries } from './deliver/trace.js';
import { createIngest } from './ingest/ingest.js';
import { traceIngest } from './ingest/trace.js';
import { createDeliveryMetrics, createOutboxMetrics } from './metrics.js';
import { createReconcile } from './reconcile/reconcile.js';
import { createRelease } from './reconcile/release.js';
import { createAcceptRelayed } from './relay/accept-relayed.js';
import { createAnswerTests } from './test-webhook/answer-tests.js';
import { createNotifyOwners } from './notify/notify-owners.js';

/** Somebody waits for it. */
const LONGEST_TEST_MS = 15_000;
/** For the database before it and Redis behind it, beyond the time of the request. */
const TEST_MARGIN_MS = 5000;
/** They take no places of deliveries. */
const TESTS_AT_ONCE = 10;

/** Long against an attempt that takes milliseconds, so that its way through Redis hardly counts; short for whoever waits. */
const CONTINUE_FOR_MS = 250;

/** How late the operator's charts are at most. */
const ACTIVITY_MS = 5000;
/** How often what waits is counted, for the metrics: as often as Prometheus asks by most people's settings. */
const MEASURE_MS = 15_000;

const config = orExit(() => readWorkerConfig(process.env));
const { prefix, concurrency, timeoutMs } = config;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const tracing = await startTracing({
  serviceName: 'tidings-worker',
  settings: config.tracing,
  onError: (reason) => log.warn('Traces could not be sent.', { reason }),
});
const log = createLogger({ service: 'worker', level: config.logLevel, format: config.logFormat, context: tracing?.activeIds });
if (config.addresses.allowed.length > 0) {
  log.warn('Webhooks may reach addresses that are not public (EGRESS_ALLOW_CIDRS).', {
    networks: config.addresses.allowed.map(formatNetwork),
  });
}

const database = openDatabase({
  url: config.databaseUrl,
  maxConnections: config.databasePool,
  // A record that gets no answer is tried again before its lease has run out, which is after twice the time limit.
  statementTimeoutMs: Math.min(Math.max(timeoutMs, 2000), 10_000),
  onError: (error) => log.warn('A database connection broke.', { error }),
});
const connect = (purpose: RedisPurpose) =>
  connectRedis(config.redisUrl, purpose, (error) => log.warn('The connection to Redis broke.', { purpose, error }));
const commands = connect('command');
const jobs = connect('worker');
const deliveries = createDeliveriesQueue({ redis: commands, prefix });

// What is counted, for Prometheus and for the operator's charts.
const registry = createProcessRegistry({ service: 'worker', version });
const metrics = createDeliveryMetrics(registry);
const acceptMetrics = createAcceptMetrics(registry, metrics.ended);
const outboxMetrics = createOutboxMetrics(
  registry,
  config.outboxes.map(({ name }) => name),
);
const observe = createPeriodicTaskMetrics(registry);
const activity = createActivity((counted) => addActivity(database.pool, counted));
const dependencies = { postgresql: () => database.pool.query('SELECT 1'), redis: () => pingRedis(commands, prefix) };
measurePool(registry, database.pool);
measureDependencies(registry, dependencies);

// The journey: an enqueued event is accepted, and so is what waits in the outboxes of services …
const accept = createAccept({
  sql: database.pool,
  queue: deliveries,
  redis: commands,
  prefix,
  observe: acceptMetrics,
  log,
  tracing,
});
const ingest = createIngest({
  accept,
  catalog,
  onInvalid: () => {
    acceptMetrics.rejected('invalid');
  },
  log,
});
const acceptRelayed = createAcceptRelayed({ accept, catalog });
const relays = config.outboxes.map(({ name, url }) =>
  createOutboxRelay<EventDraft>({
    connect: () => connectToOutbox(url),
    publish: acceptRelayed,
    observe: (outcome, count) => {
      outboxMetrics.moved(name, outcome, count);
    },
    log: {
      warn: (message, details) => log.warn(message, { outbox: name, ...details }),
      error: (message, details) => log.error(message, { outbox: name, ...details }),
    },
  }),
);

// … its deliveries are claimed, sent and recorded …
const lockMs = leaseMsFor(timeoutMs);
const release = createRelease({
  admit: (webhookIds) => releaseDeliveries(database.pool, webhookIds, WAKE_AFTER_MS),
  enqueue: deliveries.enqueue,
});
const lease = createLease({
  sql: database.pool,
  leaseMs: lockMs,
  recordDeadlineMs: timeoutMs,
  health: config.health,
  onEnded: metrics.ended,
  onHealth: metrics.health,
});
const hostAddresses = hostNetworks(
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
);
const agents = createAgents({ guard: createGuard({ ...config.addresses, hostAddresses }), proxy: config.proxy, ca: config.ca });
const send = createSender({ agents, timeoutMs });
const seal = createSeal(config.sealKeys);
const deliver = createDeliver({
  ...lease,
  build: (delivery) => buildRequest(delivery, seal),
  send,
  release: (webhookId) => release([webhookId]),
  enqueue: (delivery) => deliveries.enqueue([{ ...delivery, newJobId: true }]),
  retry: config.retry,
  continueForMs: CONTINUE_FOR_MS,
  observe: {
    ...metrics,
    recorded: (result, outcome, delivery) => {
      metrics.recorded(result, outcome, delivery);
      activity.count({ owner: delivery.owner, ...result });
    },
  },
  log,
  // Traced where that is wanted; otherwise the parts above are as they are.
  ...(tracing && traceDeliveries(tracing, { send, record: lease.record, sendTraceparent: config.sendTraceparent })),
});

// … an owner may test a webhook, beside all that …
const testMs = Math.min(timeoutMs, LONGEST_TEST_MS);
const testLock = createTestLock({ redis: commands, prefix });
const answerTests = createAnswerTests({
  claim: (test) => testLock.claim(test, testMs + TEST_MARGIN_MS),
  readEndpoint: (owner, webhookId) => readEndpoint(database.pool, owner, webhookId),
  build: (event) => buildRequest(event, seal),
  send: createSender({ agents, timeoutMs: testMs }),
  release: testLock.release,
  log,
});

// … whatever Redis lost is enqueued again, and whatever waited for a slot gets one …
const reconcile = createReconcile({
  wake: () => wakeDeliveries(database.pool, lockMs),
  batchSize: WAKE_LIMIT,
  readBacklogged: () => readBacklogged(database.pool),
  release,
  enqueue: deliveries.enqueueOverdue,
  onWoken: metrics.woken,
  log,
});

// … the operator's charts are told what was attempted, owners hear of what was disabled, and the log makes room for what comes.
const notifyOwners = createNotifyOwners({
  readUnnotified: () => readUnnotified(database.pool),
  accept,
  markNotified: (webhook) => markNotified(database.pool, webhook),
  catalog,
  log,
});
const jobCounts = createJobCounts({ redis: commands, prefix });
const measureBacklog = createMeasureBacklog({
  readBacklog: () => readBacklog(database.pool),
  readJobCounts: jobCounts.read,
  metrics: createBacklogMetrics(registry),
  now: () => performance.now(),
});
const tasks = [
  createPeriodicTask({ name: 'reconcile', intervalMs: config.reconcileIntervalMs, run: reconcile, observe, log }),
  createPeriodicTask({ name: 'notify owners', intervalMs: config.reconcileIntervalMs, run: notifyOwners, observe, log }),
  createPeriodicTask({ name: 'activity', intervalMs: ACTIVITY_MS, run: activity.flush, observe, log }),
  createPartitionMaintenance(database.pool, config.retentionDays, { log, observe }),
  // Whoever has no port to show it on need not count.
  ...(config.healthPort === null
    ? []
    : [createPeriodicTask({ name: 'measure backlog', intervalMs: MEASURE_MS, run: measureBacklog, observe, log })]),
];

const onError = (error: Error): void => void log.warn('A BullMQ worker reported an error.', { error });
const common = { redis: jobs, prefix, concurrency, lockMs, onError };
const workers = [
  createQueueWorker({ ...common, queue: EVENTS_QUEUE, process: tracing ? traceIngest(tracing, ingest) : ingest }),
  createQueueWorker<DeliveryJob>({ ...common, queue: DELIVERIES_QUEUE, process: ({ id }) => deliver(id) }),
  createQueueWorker<TestJob>({ ...common, concurrency: TESTS_AT_ONCE, queue: TESTS_QUEUE, process: answerTests }),
];

for (const worker of workers) worker.start();
for (const task of tasks) task.start();
for (const relay of relays) relay.start();
const health = config.healthPort === null ? undefined : await startHealthServer(config.healthPort, dependencies, registry);
log.info('Worker is ready.', { concurrency });

async function stop(): Promise<void> {
  health?.close();
  await Promise.all([
    ...workers.map((worker) => worker.stop(timeoutMs + 2000)),
    ...tasks.map((task) => task.stop()),
    ...relays.map((relay) => relay.stop()),
  ]);
  // The last few seconds' counts are for charts: without them it stops as well.
  await activity.flush().catch(() => undefined);
  await accept.idle();
  agents.close();
  await deliveries.close();
  await jobCounts.close();
  commands.disconnect();
  jobs.disconnect();
  await database.close();
  await tracing?.shutdown();
}

await waitForShutdown({ stop, deadlineMs: timeoutMs + 5000, log });
