import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { deliveryCreatedAt, type HealthChanges, type SlowedWebhook } from '@tidings/database';
import { createEndedMetric, type EndedMetric } from '@tidings/runtime/metrics';
import type { DeliverObserver, Fault } from './deliver/deliver.js';

/** The metrics of deliveries. */
export interface DeliveryMetrics extends DeliverObserver {
  /** Counts deliveries that ended. */
  ended: EndedMetric;
  /** Counts circuits that opened or closed, and webhooks that Tidings disabled. */
  health: (changes: HealthChanges) => void;
  /** Counts slow-downs of webhooks' flows. */
  slowed: (webhooks: readonly SlowedWebhook[]) => void;
  /** Counts overdue deliveries that the reconciler woke. */
  woken: (count: number) => void;
  /** Counts a challenge of a webhook whose URL is to be verified. */
  challenged: (isVerified: boolean) => void;
  /** Counts an event whose deliveries are all written. */
  expansionFinished: () => void;
}

const FAULTS: readonly Fault[] = ['unclaimable', 'unbuildable', 'unrecorded', 'lease_lost'];

/**
 * Registers the metrics of deliveries. The error classes are those of the log and the API. No label names a webhook, an owner
 * or a host, since their number has no limit.
 */
export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'tidings_attempts_total',
    help: 'Recorded attempts, by the status of the delivery after the attempt and the error class ("none" after a 2xx).',
    labelNames: ['outcome', 'error_class'],
    registers,
  });
  attempts.inc({ outcome: 'succeeded', error_class: 'none' }, 0);
  const duration = new Histogram({
    name: 'tidings_attempt_duration_seconds',
    help: 'Duration of an attempt, from the DNS look-up to the last byte that was read.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    registers,
  });
  // A plain number is cheaper than a gauge for something that changes with each request.
  let inProgress = 0;
  new Gauge({
    name: 'tidings_attempts_in_progress',
    help: 'Requests in flight, at most WORKER_CONCURRENCY.',
    registers,
    collect() {
      this.set(inProgress);
    },
  });
  const delay = new Histogram({
    name: 'tidings_first_attempt_delay_seconds',
    help: 'Time from the acceptance of an event to the start of the first attempt of a delivery, measured by the clocks of two machines.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    registers,
  });
  const ended = createEndedMetric(registry, ['succeeded', 'failed', 'cancelled', 'skipped']);
  const faults = new Counter({
    name: 'tidings_delivery_faults_total',
    help: 'Deliveries that went wrong on the side of Tidings, by fault. The log has a line for each.',
    labelNames: ['fault'],
    registers,
  });
  for (const fault of FAULTS) faults.inc({ fault }, 0);
  const woken = new Counter({
    name: 'tidings_deliveries_woken_total',
    help: 'Overdue deliveries that the reconciler woke: Redis had lost their jobs, or no worker took them in time.',
    registers,
  });
  const expansions = new Counter({
    name: 'tidings_expansions_finished_total',
    help: 'Events that were expanded: all their deliveries are written.',
    registers,
  });
  const opened = new Counter({ name: 'tidings_circuits_opened_total', help: 'Circuits that opened.', registers });
  const closed = new Counter({ name: 'tidings_circuits_closed_total', help: 'Circuits that closed.', registers });
  const disabled = new Counter({
    name: 'tidings_webhooks_disabled_total',
    help: 'Webhooks that Tidings disabled, by reason.',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['failing', 'gone']) disabled.inc({ reason }, 0);
  const slowDowns = new Counter({
    name: 'tidings_webhook_slow_downs_total',
    help: 'Slow-downs of webhooks, by reason: their receivers asked for it (throttled), or answered 502, 503 or 504 (overloaded).',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['throttled', 'overloaded']) slowDowns.inc({ reason }, 0);
  const verifications = new Counter({
    name: 'tidings_webhook_verifications_total',
    help: 'Challenges that were sent to verify the URL of a webhook, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['verified', 'failed']) verifications.inc({ outcome }, 0);
  return {
    requestStarted() {
      inProgress += 1;
    },
    requestEnded() {
      inProgress -= 1;
    },
    recorded({ errorClass, durationMs, startedAt }, { status }, { id, attemptCount }) {
      attempts.inc({ outcome: status, error_class: errorClass ?? 'none' });
      duration.observe(durationMs / 1000);
      if (status !== 'pending') ended(status);
      if (attemptCount > 0) return;
      const beganAt = Date.now() - (performance.now() - startedAt);
      delay.observe(Math.max(0, beganAt - deliveryCreatedAt(id)) / 1000);
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
    slowed(webhooks) {
      for (const { throttledUntil } of webhooks) slowDowns.inc({ reason: throttledUntil === null ? 'overloaded' : 'throttled' });
    },
    woken(count) {
      woken.inc(count);
    },
    challenged(isVerified) {
      verifications.inc({ outcome: isVerified ? 'verified' : 'failed' });
    },
    expansionFinished() {
      expansions.inc();
    },
  };
}

/** The metrics of outboxes. */
export interface OutboxMetrics {
  /** Counts events that were relayed from an outbox, or stay in it as rejected. */
  moved: (outbox: string, outcome: 'relayed' | 'rejected', count: number) => void;
}

/** Registers the metrics of the outboxes that this worker relays. Without outboxes nothing is registered. */
export function createOutboxMetrics(registry: Registry, outboxes: readonly string[]): OutboxMetrics {
  const events = new Counter({
    name: 'tidings_outbox_events_total',
    help: 'Events of outboxes that Tidings accepted (relayed) or rejected, by outbox (host, port and database).',
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
