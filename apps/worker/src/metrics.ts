import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { deliveryCreatedAt, type HealthChanges } from '@tidings/database';
import { createEndedMetric, type EndedMetric } from '@tidings/runtime/metrics';
import type { DeliverObserver, Fault } from './deliver/deliver.js';

/** What is counted of deliveries. */
export interface DeliveryMetrics extends DeliverObserver {
  /** Deliveries ended without an attempt. */
  ended: EndedMetric;
  health: (changes: HealthChanges) => void;
  /** The reconciler took up so many overdue deliveries. */
  woken: (count: number) => void;
}

const FAULTS: readonly Fault[] = ['unclaimable', 'unbuildable', 'unrecorded', 'lease_lost'];

/**
 * What is counted of deliveries. The error classes are those of the log and the API; no label names a webhook, a user or a
 * host, of which there is no end.
 */
export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'tidings_attempts_total',
    help: 'Attempts that were recorded, by what became of the delivery and the class of the error ("none" after a 2xx).',
    labelNames: ['outcome', 'error_class'],
    registers,
  });
  attempts.inc({ outcome: 'succeeded', error_class: 'none' }, 0);
  const duration = new Histogram({
    name: 'tidings_attempt_duration_seconds',
    help: 'From the first look-up to the last byte that was read.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    registers,
  });
  // Counted for each request, so by a plain number.
  let inProgress = 0;
  new Gauge({
    name: 'tidings_attempts_in_progress',
    help: 'Requests that are under way. WORKER_CONCURRENCY is the most there can be.',
    registers,
    collect() {
      this.set(inProgress);
    },
  });
  const delay = new Histogram({
    name: 'tidings_first_attempt_delay_seconds',
    help: 'From the acceptance of an event to the beginning of a first attempt of its; on the clocks of two machines.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    registers,
  });
  const ended = createEndedMetric(registry, ['succeeded', 'failed', 'cancelled', 'skipped']);
  const faults = new Counter({
    name: 'tidings_delivery_faults_total',
    help: 'What went wrong on our side of a delivery: see the log for each.',
    labelNames: ['fault'],
    registers,
  });
  for (const fault of FAULTS) faults.inc({ fault }, 0);
  const woken = new Counter({
    name: 'tidings_deliveries_woken_total',
    help: 'Overdue deliveries that the reconciler took up: Redis had lost them, or nobody had taken them in time.',
    registers,
  });
  const opened = new Counter({ name: 'tidings_circuits_opened_total', help: 'Circuits that opened.', registers });
  const closed = new Counter({ name: 'tidings_circuits_closed_total', help: 'Circuits that closed.', registers });
  const disabled = new Counter({
    name: 'tidings_webhooks_disabled_total',
    help: 'Webhooks that Tidings disabled.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['failing', 'gone']) disabled.inc({ reason }, 0);
  return {
    sent() {
      inProgress += 1;
    },
    left() {
      inProgress -= 1;
    },
    recorded({ errorClass, durationMs, startedAt }, { status }, { id, attemptCount }) {
      attempts.inc({ outcome: status, error_class: errorClass ?? 'none' });
      duration.observe(durationMs / 1000);
      if (status !== 'pending') ended(status);
      if (attemptCount > 0) return;
      const began = Date.now() - (performance.now() - startedAt);
      delay.observe(Math.max(0, began - deliveryCreatedAt(id)) / 1000);
    },
    fault(fault) {
      faults.inc({ fault });
    },
    ended,
    health({ circuitsOpened, circuitsClosed, disabledFailing, disabledGone }) {
      opened.inc(circuitsOpened);
      closed.inc(circuitsClosed);
      disabled.inc({ reason: 'failing' }, disabledFailing);
      disabled.inc({ reason: 'gone' }, disabledGone);
    },
    woken(count) {
      woken.inc(count);
    },
  };
}

export interface OutboxMetrics {
  /** Counts events of an outbox that were taken out of it, or kept in it as rejected. */
  moved: (outbox: string, outcome: 'relayed' | 'rejected', count: number) => void;
}

/** What is counted of the outboxes that this worker relays: without any, it is not among the metrics. */
export function createOutboxMetrics(registry: Registry, outboxes: readonly string[]): OutboxMetrics {
  const events = new Counter({
    name: 'tidings_outbox_events_total',
    help: 'Events of outboxes, by the outbox (host, port and database) and whether Tidings took them or rejected them.',
    labelNames: ['outbox', 'outcome'],
    registers: outboxes.length > 0 ? [registry] : [],
  });
  for (const outbox of outboxes) for (const outcome of ['relayed', 'rejected']) events.inc({ outbox, outcome }, 0);
  return {
    moved(outbox, outcome, count) {
      events.inc({ outbox, outcome }, count);
    },
  };
}
