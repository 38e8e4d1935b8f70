import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '@tidings/database';
import type { QueueCounts } from '@tidings/queue';

/** The gauges of the backlog. */
export interface BacklogMetrics {
  /** Sets the gauges that are read from PostgreSQL. */
  setBacklog: (backlog: Backlog) => void;
  /** Removes the gauges that are read from PostgreSQL: it could not be read. */
  clearBacklog: () => void;
  /** Sets the gauges that are read from Redis. */
  setJobs: (queues: readonly QueueCounts[]) => void;
  /** Removes the gauges that are read from Redis: it could not be read. */
  clearJobs: () => void;
}

const STAGES = ['admitted', 'backoff', 'parked'] as const;
const WEBHOOK_STATES = ['enabled', 'disabled', 'failing', 'gone', 'operator'] as const;

/** Registers the gauges of the backlog. They have no value until they are set. */
export function createBacklogMetrics(registry: Registry): BacklogMetrics {
  const registers = [registry];
  const pending = new Gauge({
    name: 'tidings_deliveries_pending',
    help: 'Deliveries that have not ended, by stage. Every worker reports the total.',
    labelNames: ['stage'],
    registers,
  });
  const oldest = new Gauge({
    name: 'tidings_oldest_due_delivery_age_seconds',
    help: 'How long the oldest due delivery of a stage has been due; 0 when none is due. Every worker reports the same number.',
    labelNames: ['stage'],
    registers,
  });
  const overdue = new Gauge({
    name: 'tidings_reconciler_overdue_seconds',
    help: 'How long the most overdue delivery has waited for the reconciler after its wake time. Every worker reports the same number.',
    registers,
  });
  const webhooks = new Gauge({
    name: 'tidings_webhooks',
    help: 'Webhooks by state: enabled, or disabled by the owner (disabled), by Tidings (failing, gone) or by an operator. Every worker reports the total.',
    labelNames: ['state'],
    registers,
  });
  const circuits = new Gauge({
    name: 'tidings_webhooks_circuit_open',
    help: 'Enabled webhooks whose circuit is open: they get only probes. Every worker reports the total.',
    registers,
  });
  const backlogged = new Gauge({
    name: 'tidings_webhooks_backlogged',
    help: 'Webhooks that have parked deliveries. Every worker reports the total.',
    registers,
  });
  const jobs = new Gauge({
    name: 'tidings_queue_jobs',
    help: 'Jobs in the queues of Redis, by queue and BullMQ state. Every worker reports the total.',
    labelNames: ['queue', 'state'],
    registers,
  });
  const unlabelled = [overdue, circuits, backlogged];

  const clearBacklog = (): void => {
    for (const gauge of [pending, oldest, webhooks]) gauge.reset();
    // These have no labels: a reset would set them to 0.
    for (const gauge of unlabelled) gauge.remove();
  };
  clearBacklog();
  return {
    setBacklog(backlog) {
      for (const stage of STAGES) {
        pending.set({ stage }, backlog[stage].count);
        oldest.set({ stage }, backlog[stage].oldestDueMs / 1000);
      }
      overdue.set(backlog.overdueMs / 1000);
      for (const state of WEBHOOK_STATES) webhooks.set({ state }, backlog.webhooks[state]);
      circuits.set(backlog.webhooks.circuitOpen);
      backlogged.set(backlog.webhooks.backlogged);
    },
    clearBacklog,
    setJobs(queues) {
      for (const { queue, counts } of queues) {
        for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
      }
    },
    clearJobs() {
      jobs.reset();
    },
  };
}
