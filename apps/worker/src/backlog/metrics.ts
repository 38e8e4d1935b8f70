import { Gauge, type Registry } from 'prom-client';
import type { Backlog } from '@tidings/database';
import type { QueueCounts } from '@tidings/queue';

/** Shows what waits. */
export interface BacklogMetrics {
  showBacklog: (backlog: Backlog) => void;
  /** PostgreSQL could not be asked. */
  hideBacklog: () => void;
  showJobs: (queues: readonly QueueCounts[]) => void;
  /** Redis could not be asked. */
  hideJobs: () => void;
}

const STAGES = ['admitted', 'backoff', 'parked'] as const;
const WEBHOOK_STATES = ['enabled', 'disabled', 'failing', 'gone', 'operator'] as const;

export function createBacklogMetrics(registry: Registry): BacklogMetrics {
  const registers = [registry];
  const pending = new Gauge({
    name: 'tidings_deliveries_pending',
    help: 'Deliveries that have not ended, by the stage they stand at. Every worker shows all of them.',
    labelNames: ['stage'],
    registers,
  });
  const oldest = new Gauge({
    name: 'tidings_oldest_due_delivery_age_seconds',
    help: 'For how long the delivery that is longest due at a stage has been so: 0 when none is. Every worker shows the same.',
    labelNames: ['stage'],
    registers,
  });
  const overdue = new Gauge({
    name: 'tidings_reconciler_overdue_seconds',
    help: 'For how long the reconciler has left a delivery lying that it should have looked at. Every worker shows the same.',
    registers,
  });
  const webhooks = new Gauge({
    name: 'tidings_webhooks',
    help: 'Webhooks: enabled, disabled by their owners, or by Tidings as failing or gone, or by an operator. Every worker shows all of them.',
    labelNames: ['state'],
    registers,
  });
  const circuits = new Gauge({
    name: 'tidings_webhooks_circuit_open',
    help: 'Enabled webhooks whose circuit is open: they are only probed. Every worker shows all of them.',
    registers,
  });
  const backlogged = new Gauge({
    name: 'tidings_webhooks_backlogged',
    help: 'Webhooks that have deliveries parked. Every worker shows all of them.',
    registers,
  });
  const jobs = new Gauge({
    name: 'tidings_queue_jobs',
    help: 'Jobs in the queues of Redis, in the words of BullMQ. Every worker shows all of them.',
    labelNames: ['queue', 'state'],
    registers,
  });
  const unlabelled = [overdue, circuits, backlogged];

  const hideBacklog = (): void => {
    for (const gauge of [pending, oldest, webhooks]) gauge.reset();
    // A reset would show zeros.
    for (const gauge of unlabelled) gauge.remove();
  };
  hideBacklog();
  return {
    showBacklog(backlog) {
      for (const stage of STAGES) {
        pending.set({ stage }, backlog[stage].count);
        oldest.set({ stage }, backlog[stage].oldestDueMs / 1000);
      }
      overdue.set(backlog.overdueMs / 1000);
      for (const state of WEBHOOK_STATES) webhooks.set({ state }, backlog.webhooks[state]);
      circuits.set(backlog.webhooks.circuitOpen);
      backlogged.set(backlog.webhooks.backlogged);
    },
    hideBacklog,
    showJobs(queues) {
      for (const { queue, counts } of queues) {
        for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count);
      }
    },
    hideJobs() {
      jobs.reset();
    },
  };
}
