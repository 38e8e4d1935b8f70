import { Counter, Histogram, type Registry } from 'prom-client';
import type { EndedMetric } from './ended.js';

/** The metrics of accepting events. */
export interface AcceptMetrics {
  /**
   * Counts a commit.
   *
   * `events`: all events of the commit; `accepted`: those that were new; `repeated`: those that the log already had.
   */
  committed: (commit: {
    events: number;
    accepted: number;
    repeated: number;
    deliveries: number;
    /** The part of the deliveries that were skipped, because Tidings had disabled their webhooks. */
    skipped: number;
    /** Events whose deliveries are not in the commit, because many webhooks match. */
    expanding: number;
    durationMs: number;
  }) => void;
  /** Counts deliveries that were written by expanding an event. */
  expanded: (written: { deliveries: number; skipped: number }) => void;
  /** Counts refused calls; default 1. */
  rejected: (reason: 'invalid' | 'conflict' | 'unavailable', calls?: number) => void;
}

/**
 * Registers the metrics of accepting events.
 *
 * @param ended counts the deliveries that are created as skipped
 */
export function createAcceptMetrics(registry: Registry, ended: EndedMetric): AcceptMetrics {
  const registers = [registry];
  const accepted = new Counter({
    name: 'tidings_events_accepted_total',
    help: 'Events that were committed to the log.',
    registers,
  });
  const repeated = new Counter({
    name: 'tidings_events_repeated_total',
    help: 'Events that were published again: the log already had them.',
    registers,
  });
  const deliveries = new Counter({
    name: 'tidings_deliveries_created_total',
    help: 'Deliveries that were committed, together with their events or by expanding these.',
    registers,
  });
  const expanding = new Counter({
    name: 'tidings_expansions_started_total',
    help: 'Events that were committed without their deliveries, because many webhooks match: workers expand them.',
    registers,
  });
  const events = new Histogram({
    name: 'tidings_accept_commit_events',
    help: 'Number of events that shared a commit.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_accept_commit_duration_seconds',
    help: 'Duration of a commit of events, including the wait for the lock of the log.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const rejected = new Counter({
    name: 'tidings_publish_rejected_total',
    help: 'Publish calls that were refused: "invalid" (the catalog refused an event), "conflict" (another event has the id), "unavailable" (PostgreSQL did not commit).',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['invalid', 'conflict', 'unavailable']) rejected.inc({ reason }, 0);
  return {
    committed(commit) {
      accepted.inc(commit.accepted);
      repeated.inc(commit.repeated);
      deliveries.inc(commit.deliveries);
      ended('skipped', commit.skipped);
      expanding.inc(commit.expanding);
      events.observe(commit.events);
      duration.observe(commit.durationMs / 1000);
    },
    expanded(written) {
      deliveries.inc(written.deliveries);
      ended('skipped', written.skipped);
    },
    rejected(reason, calls = 1) {
      rejected.inc({ reason }, calls);
    },
  };
}
