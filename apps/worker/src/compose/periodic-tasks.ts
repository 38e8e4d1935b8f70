import type { Accept } from '@tidings/accept';
import {
  createPartitionMaintenance,
  markNotified,
  readBacklog,
  readBacklogged,
  readUnnotified,
  WAKE_LIMIT,
  wakeDeliveries,
} from '@tidings/database';
import { catalog } from '@tidings/events';
import type { JobCounts } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { createPeriodicTask, type PeriodicTask } from '@tidings/runtime/periodic-task';
import type { Activity } from '../activity/activity.js';
import { createMeasureBacklog } from '../backlog/measure-backlog.js';
import { createBacklogMetrics } from '../backlog/metrics.js';
import type { WorkerConfig } from '../config.js';
import { createNotifyOwners } from '../notify/notify-owners.js';
import { createReconcile } from '../reconcile/reconcile.js';
import type { Release } from '../reconcile/release.js';
import type { Connections } from './connections.js';
import type { WorkerMetrics } from './telemetry.js';

interface PeriodicTasksParts {
  config: Pick<WorkerConfig, 'reconcileIntervalMs' | 'retentionDays' | 'healthPort'>;
  connections: Pick<Connections, 'pools' | 'queue'>;
  metrics: Pick<WorkerMetrics, 'registry' | 'deliveries' | 'observeTask'>;
  accept: Accept;
  release: Release;
  activity: Pick<Activity, 'flush'>;
  jobCounts: Pick<JobCounts, 'read'>;
  /** How long a claim of a delivery holds, in milliseconds. */
  leaseMs: number;
  log: Logger;
}

/** How often attempts are counted for the operator's charts, in milliseconds. */
const ACTIVITY_MS = 5000;
/** How often the backlog is measured, in milliseconds: as often as most Prometheus servers scrape. */
const MEASURE_MS = 15_000;

/** Creates the tasks that every worker repeats in the background. */
export function createPeriodicTasks(parts: PeriodicTasksParts): PeriodicTask[] {
  const { config, connections, metrics, accept, release, activity, jobCounts, leaseMs, log } = parts;
  const { pools, queue } = connections;
  const sql = pools.periodic;
  const { reconcileIntervalMs } = config;
  const reconcile = createReconcile({
    wake: () => wakeDeliveries(sql, leaseMs),
    batchSize: WAKE_LIMIT,
    readBacklogged: () => readBacklogged(sql),
    release,
    enqueue: queue.enqueueOverdue,
    onWoken: metrics.deliveries.woken,
    log,
  });
  const notifyOwners = createNotifyOwners({
    readUnnotified: () => readUnnotified(sql),
    accept,
    markNotified: (webhook) => markNotified(sql, webhook),
    catalog,
    log,
  });
  const measureBacklog = createMeasureBacklog({
    readBacklog: () => readBacklog(sql),
    readJobCounts: jobCounts.read,
    metrics: createBacklogMetrics(metrics.registry),
    now: () => performance.now(),
  });

  const common = { observe: metrics.observeTask, log };
  const tasks = [
    createPeriodicTask({ name: 'reconcile', intervalMs: reconcileIntervalMs, run: reconcile, ...common }),
    createPeriodicTask({ name: 'notify owners', intervalMs: reconcileIntervalMs, run: notifyOwners, ...common }),
    createPeriodicTask({ name: 'activity', intervalMs: ACTIVITY_MS, run: activity.flush, ...common }),
    createPartitionMaintenance(sql, config.retentionDays, common),
  ];
  // Without a health port no metrics are shown, so nothing is measured.
  if (config.healthPort === null) return tasks;
  return [...tasks, createPeriodicTask({ name: 'measure backlog', intervalMs: MEASURE_MS, run: measureBacklog, ...common })];
}
