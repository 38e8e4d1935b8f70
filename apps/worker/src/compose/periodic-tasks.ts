import type { Accept } from '@tidings/accept';
import {
  bringForward,
  createMaintenance,
  countHour,
  createTaskHold,
  endSupersededNext,
  markExpiring,
  markNotified,
  readBacklog,
  readExpiring,
  readPeriodicWork,
  readTime,
  readUnnotified,
  removeEarlierLineStarts,
  skipExpired,
  WAKE_LIMIT,
  wakeDeliveries,
} from '@tidings/database';
import type { JobCounts } from '@tidings/queue';
import type { Logger } from '@tidings/runtime/logging';
import { createPeriodicTask, createSharedPeriodicTask, type PeriodicTask } from '@tidings/runtime/periodic-task';
import type { Activity } from '../activity/activity.js';
import type { Admission } from '../admission/admission.js';
import { createMeasureBacklog } from '../backlog/measure-backlog.js';
import { createBacklogMetrics } from '../backlog/metrics.js';
import { createEndSuperseded } from '../cancel/end-superseded.js';
import type { WorkerConfig } from '../config.js';
import { createExpandLost, type ExpandChunk } from '../expand/expand.js';
import type { LineStarts } from '../line-starts/line-starts.js';
import { createExpireDeliveries } from '../notify/expire-deliveries.js';
import { createNotifyOwners } from '../notify/notify-owners.js';
import { createFollowClock } from '../reconcile/follow-clock.js';
import { createReconcile } from '../reconcile/reconcile.js';
import type { Delivery } from './delivery.js';
import type { Connections } from './connections.js';
import type { WorkerMetrics } from './telemetry.js';
import { createWhenNeeded } from './when-needed.js';

interface PeriodicTasksParts {
  config: Pick<WorkerConfig, 'reconcileIntervalMs' | 'retentionDays' | 'auditRetentionDays' | 'healthServer'>;
  connections: Pick<Connections, 'pools' | 'queue' | 'expansions'>;
  metrics: Pick<WorkerMetrics, 'registry' | 'deliveries' | 'observeTask'>;
  accept: Accept;
  refill: Admission['refill'];
  expandChunk: ExpandChunk;
  activity: Pick<Activity, 'flush'>;
  lineStarts: Pick<LineStarts, 'advance'>;
  verifyWebhooks: Delivery['verifyWebhooks'];
  jobCounts: Pick<JobCounts, 'read'>;
  /** How long a claim of a delivery holds, in milliseconds. */
  leaseMs: number;
  log: Logger;
}

/** How often attempts are counted for the operator's charts, in milliseconds. */
const ACTIVITY_MS = 5000;
/** How often the line starts of busy webhooks are advanced, in milliseconds: at 3,000 deliveries/s of one webhook a look-up reads up to 1,500. */
const ADVANCE_LINE_STARTS_MS = 500;
/** How often the line starts that were replaced are removed, in milliseconds. */
const REMOVE_LINE_STARTS_MS = 300_000;
/** How often attempts are counted for the statistics of webhooks, and old deliveries are looked at, in milliseconds. */
const MINUTE_MS = 60_000;
/** Time from the notice that deliveries of a webhook expire until they do, in hours; at most half of the retention time. */
const NOTICE_HOURS = 72;
/** How often the backlog is measured, in milliseconds: as often as most Prometheus servers scrape. */
const MEASURE_MS = 15_000;

/**
 * Creates the tasks that workers repeat in the background. Each task that concerns the whole installation is run by one worker,
 * and the others stand by.
 */
export function createPeriodicTasks(parts: PeriodicTasksParts): PeriodicTask[] {
  const {
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
  } = parts;
  const { pools, queue, expansions } = connections;
  const sql = pools.periodic;
  const { reconcileIntervalMs } = config;
  const reconcile = createReconcile({
    wake: (since) => wakeDeliveries(sql, { againAfterMs: leaseMs, since }),
    readTime: createFollowClock({
      readTime: () => readTime(sql),
      bringForward: (byMs, after) => bringForward(sql, byMs, after),
      log,
    }),
    batchSize: WAKE_LIMIT,
    enqueue: queue.enqueueOverdue,
    refill,
    onWoken: metrics.deliveries.woken,
    log,
  });
  const expandLost = createExpandLost({ expandChunk, enqueue: expansions.enqueue });
  const endSuperseded = createEndSuperseded({
    endNext: () => endSupersededNext(sql),
    onEnded: metrics.deliveries.ended,
    log,
  });
  const notifyOwners = createNotifyOwners({
    readUnnotified: () => readUnnotified(sql),
    accept,
    markNotified: (webhook) => markNotified(sql, webhook),
    log,
  });
  const expiry = { retentionDays: config.retentionDays, noticeHours: Math.min(NOTICE_HOURS, 12 * config.retentionDays) };
  const expireDeliveries = createExpireDeliveries({
    readExpiring: (after) => readExpiring(sql, after, expiry),
    accept,
    markExpiring: (expiring) => markExpiring(sql, expiring),
    skipExpired: (from) => skipExpired(sql, from, expiry),
    onEnded: metrics.deliveries.ended,
    log,
  });
  const measureBacklog = createMeasureBacklog({
    readBacklog: () => readBacklog(sql),
    readJobCounts: jobCounts.read,
    metrics: createBacklogMetrics(metrics.registry),
    now: () => performance.now(),
  });

  const whenNeeded = createWhenNeeded(() => readPeriodicWork(sql));

  const common = { observe: metrics.observeTask, log };
  const shared = { intervalMs: reconcileIntervalMs, hold: createTaskHold(sql), ...common };
  const tasks = [
    createSharedPeriodicTask({ name: 'reconcile', run: reconcile, ...shared }),
    createSharedPeriodicTask({ name: 'expand', run: whenNeeded('expansions', expandLost), ...shared }),
    createSharedPeriodicTask({ name: 'end superseded', run: whenNeeded('cancellations', endSuperseded), ...shared }),
    createSharedPeriodicTask({ name: 'notify owners', run: whenNeeded('notices', notifyOwners), ...shared }),
    createSharedPeriodicTask({ name: 'verify webhooks', run: whenNeeded('verifications', verifyWebhooks), ...shared }),
    createSharedPeriodicTask({
      name: 'count hours',
      run: async (isStopping) => {
        while (!isStopping() && (await countHour(sql)));
      },
      ...shared,
      intervalMs: MINUTE_MS,
    }),
    createSharedPeriodicTask({ name: 'expire deliveries', run: expireDeliveries, ...shared, intervalMs: MINUTE_MS }),
    createMaintenance(sql, config, shared),
    createPeriodicTask({ name: 'line starts', intervalMs: ADVANCE_LINE_STARTS_MS, run: lineStarts.advance, ...common }),
    createSharedPeriodicTask({
      name: 'remove line starts',
      run: (isStopping) => removeEarlierLineStarts(sql, isStopping),
      ...shared,
      intervalMs: REMOVE_LINE_STARTS_MS,
    }),
    createPeriodicTask({ name: 'activity', intervalMs: ACTIVITY_MS, run: activity.flush, ...common }),
  ];
  // Without a health port no metrics are shown, so nothing is measured.
  if (config.healthServer === null) return tasks;
  return [...tasks, createPeriodicTask({ name: 'measure backlog', intervalMs: MEASURE_MS, run: measureBacklog, ...common })];
}
