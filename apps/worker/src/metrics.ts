import { Counter, Histogram, type Registry } from 'prom-client';
import type { AttemptResult } from './deliver/attempt-result.js';
import type { Outcome } from './deliver/outcome.js';

export interface AttemptMetrics {
  /** Counts an attempt. */
  attempt: (result: AttemptResult, outcome: Outcome) => void;
}

/** What is counted of attempts. The error classes are those of the log and the API. */
export function createAttemptMetrics(registry: Registry): AttemptMetrics {
  const attempts = new Counter({
    name: 'tidings_attempts_total',
    help: 'Attempts that were recorded, by what became of the delivery and the class of the error ("none" after a 2xx).',
    labelNames: ['outcome', 'error_class'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: 'tidings_attempt_duration_seconds',
    help: 'From the first look-up to the last byte that was read.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
    registers: [registry],
  });
  return {
    attempt({ errorClass, durationMs }, { status }) {
      attempts.inc({ outcome: status, error_class: errorClass ?? 'none' });
      duration.observe(durationMs / 1000);
    },
  };
}

export interface OutboxMetrics {
  /** Counts events of an outbox that were taken out of it, or kept in it as rejected. */
  moved: (outbox: string, outcome: 'relayed' | 'rejected', count: number) => void;
}

/** What is counted of the outboxes that this worker relays. */
export function createOutboxMetrics(registry: Registry): OutboxMetrics {
  const events = new Counter({
    name: 'tidings_outbox_events_total',
    help: 'Events of outboxes, by the outbox (host, port and database) and whether Tidings took them or rejected them.',
    labelNames: ['outbox', 'outcome'],
    registers: [registry],
  });
  return {
    moved(outbox, outcome, count) {
      events.inc({ outbox, outcome }, count);
    },
  };
}
