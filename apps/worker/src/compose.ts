import { addActivity, admitNext, admitOf, advanceLineStarts, expandNext, leaseMsFor, waitForDatabase } from '@tidings/database';
import { createChangeEventTypes, createEventTypes, inputOf, openEventTypes } from '@tidings/accept';
import { readEventTypes } from '@tidings/config';
import { EVENTS_QUEUE } from '@tidings/events';
import {
  createJobCounts,
  createQueueWorker,
  DELIVERIES_QUEUE,
  EXPANSIONS_QUEUE,
  TESTS_QUEUE,
  WAKE_AFTER_MS,
} from '@tidings/queue';
import { startHealthServer, type HealthServer } from '@tidings/runtime/health';
import type { Logger } from '@tidings/runtime/logging';
import { createActivity } from './activity/activity.js';
import { createAdmission } from './admission/admission.js';
import { openConnections } from './compose/connections.js';
import { createDelivery } from './compose/delivery.js';
import { createIntake } from './compose/intake.js';
import { createPeriodicTasks } from './compose/periodic-tasks.js';
import { openTelemetry } from './compose/telemetry.js';
import type { WorkerConfig } from './config.js';
import { createExpandChunk, createExpandJob } from './expand/expand.js';
import { createLineStarts } from './line-starts/line-starts.js';

/** Parts that a test replaces. Everything else follows from the configuration. */
export interface WorkerOverrides {
  /** Receives the log lines. Default: standard output. */
  logStream?: NodeJS.WritableStream;
}

/** A worker of this process. */
export interface Worker {
  /**
   * Waits until the database can be used. Then starts to take jobs, and starts the periodic tasks and the outbox relays. Rejects
   * with a `ListenError` when the health address is not available, and when the database cannot be used whatever happens.
   */
  start: () => Promise<void>;
  /** Takes no more jobs, records the attempts in flight, and closes every connection. Called twice, it stops once. */
  stop: () => Promise<void>;
  log: Logger;
}

/** How long jobs may take beyond the time limit of an attempt when the worker stops, in milliseconds. */
const STOP_MARGIN_MS = 2000;
/** How many tests of webhooks are sent at the same time. They take no slots of deliveries. */
const TESTS_AT_ONCE = 10;
/** How many chunks of events a worker writes at the same time: several would take PostgreSQL from those that accept and claim. */
const EXPANSIONS_AT_ONCE = 1;
/** How long a worker expands events before it looks for other jobs of the queue, in milliseconds. */
const EXPAND_FOR_MS = 1000;

/** Builds the worker in the order in which data flows. Nothing takes a job before `start`. */
export async function composeWorker(config: WorkerConfig, overrides: WorkerOverrides = {}): Promise<Worker> {
  const { prefix, concurrency, timeoutMs } = config;
  const definitions = (await readEventTypes(config.eventTypes)).map(inputOf);
  const { log, tracing, metrics } = await openTelemetry(config, overrides.logStream);
  const connections = openConnections(config, { metrics, log });
  const { pools, commands, jobs, queue } = connections;
  const activity = createActivity((counted) => addActivity(pools.periodic, counted));
  const lineStarts = createLineStarts((webhookIds) => advanceLineStarts(pools.periodic, webhookIds));
  const jobCounts = createJobCounts({ redis: commands, prefix });
  const leaseMs = leaseMsFor(timeoutMs);

  const eventTypes = createEventTypes(pools.accepting);
  const change = createChangeEventTypes(pools.accepting, eventTypes);
  const openTypes = () =>
    openEventTypes({ eventTypes, change, log }, { inputs: definitions, areShipped: config.eventTypes === undefined });

  // An enqueued event is accepted, and so are the events in the outboxes of services …
  const { accept, ingest, relays } = createIntake({ config, eventTypes, connections, metrics, log, tracing });

  // … if many webhooks match, it is expanded: its deliveries are written chunk by chunk, and parked …
  const admission = createAdmission({
    countWaiting: queue.line.read,
    admitNext: (turn) => admitNext(pools.delivering, { ...turn, wakeAfterMs: WAKE_AFTER_MS }),
    admitOf: (webhookIds) => admitOf(pools.delivering, webhookIds, WAKE_AFTER_MS),
    enqueue: queue.enqueue,
    concurrency,
    log,
  });
  const { refill } = admission;
  const expandChunk = createExpandChunk({
    expandNext: () => expandNext(pools.accepting),
    refill,
    observe: ({ written, done }) => {
      metrics.accept.expanded(written);
      if (done) metrics.deliveries.expansionFinished();
    },
    log,
  });
  const expandJob = createExpandJob({ expandChunk, sliceMs: EXPAND_FOR_MS, now: () => performance.now(), log });

  // … its deliveries are claimed, sent and recorded (tests of webhooks are sent, too) …
  const delivery = createDelivery({
    config,
    eventTypes,
    connections,
    metrics,
    admission,
    activity,
    lineStarts,
    leaseMs,
    log,
    tracing,
  });
  const { deliverJob, processTest, verifyWebhooks } = delivery;

  // … and periodic tasks enqueue deliveries that Redis lost, verify the URLs of webhooks, continue expansions, end deliveries of disabled webhooks, notify
  // owners, update the charts, and maintain the partitions.
  const tasks = createPeriodicTasks({
    config,
    connections,
    metrics,
    accept,
    refill,
    expandChunk,
    activity,
    lineStarts,
    verifyWebhooks,
    jobCounts,
    leaseMs,
    log,
  });

  const onError = (error: Error): void => void log.warn('A BullMQ worker reported an error.', { error });
  const common = { redis: jobs, leader: commands, prefix, concurrency, lockMs: leaseMs, onError };
  const workers = [
    createQueueWorker({ ...common, queue: EVENTS_QUEUE, process: ingest }),
    createQueueWorker({ ...common, queue: DELIVERIES_QUEUE, process: deliverJob }),
    createQueueWorker({ ...common, concurrency: EXPANSIONS_AT_ONCE, queue: EXPANSIONS_QUEUE, process: expandJob }),
    createQueueWorker({ ...common, concurrency: TESTS_AT_ONCE, queue: TESTS_QUEUE, process: processTest }),
  ];
  let health: HealthServer | undefined;

  let stopped: Promise<void> | undefined;

  async function start(): Promise<void> {
    const { dependencies, readiness } = connections;
    // First: a worker that cannot listen takes no jobs.
    if (config.healthServer !== null) health = await startHealthServer(config.healthServer, readiness, metrics.registry);
    // Without its database a worker would take jobs that it can only hand back.
    const patience = { log, isStopping: () => stopped !== undefined };
    if (!(await waitForDatabase(dependencies.postgresql, patience))) return;
    if (!(await waitForDatabase(openTypes, patience))) return;
    for (const part of [...workers, ...tasks, ...relays]) part.start();
    log.info('Worker is ready.', { concurrency });
  }

  async function stop(): Promise<void> {
    health?.close();
    await Promise.all([
      ...workers.map((worker) => worker.stop(timeoutMs + STOP_MARGIN_MS)),
      ...tasks.map((task) => task.stop()),
      ...relays.map((relay) => relay.stop()),
    ]);
    await admission.stop();
    // The counts of the last seconds are only for charts, so a failure does not prevent the worker from stopping.
    await activity.flush().catch(() => undefined);
    await accept.idle();
    delivery.closeSockets();
    await jobCounts.close();
    await connections.close();
    await tracing?.shutdown();
  }

  return { start, stop: () => (stopped ??= stop()), log };
}
