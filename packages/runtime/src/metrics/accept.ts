import { Counter, Histogram, type Registry } from 'prom-client';
import type { EndedMetric } from './ended.js';

/** What is counted of accepting events. */
export interface AcceptMetrics {
  /**
   * A commit ended.
   *
   * `events`: how many it was asked for; `accepted`: how many were new; `repeated`: how many were in the log already.
   */
  committed: (commit: {
    events: number;
    accepted: number;
    repeated: number;
    deliveries: number;
    /** Of the deliveries: those to webhooks that Tidings disabled, which ended with it. */
    skipped: number;
    durationMs: number;
  }) => void;
  /** So many calls were refused: default 1. */
  rejected: (reason: 'invalid' | 'conflict' | 'unavailable', calls?: number) => void;
}

/** @param ended counts the deliveries that are skipped from the beginning */
export function createAcceptMetrics(registry: Registry, ended: EndedMetric): AcceptMetrics {
  const registers = [registry];
  const accepted = new Counter({
    name: 'tidings_events_accepted_total',
    help: 'Events that were committed to the log.',
    registers,
  });
  const repeated = new Counter({
    name: 'tidings_events_repeated_total',
    help: 'Events that were published again, and were in the log already.',
    registers,
  });
  const deliveries = new Counter({
    name: 'tidings_deliveries_created_total',
    help: 'Deliveries that were committed together with their events.',
    registers,
  });
  const events = new Histogram({
    name: 'tidings_accept_commit_events',
    help: 'How many events shared a commit.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_accept_commit_duration_seconds',
    help: 'How long such a commit took, with its wait for the turn.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const rejected = new Counter({
    name: 'tidings_publish_rejected_total',
    help: 'Calls whose events were not accepted: "invalid" by the catalog, "conflict" with another event of the id, "unavailable" PostgreSQL.',
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
      events.observe(commit.events);
      duration.observe(commit.durationMs / 1000);
    },
    rejected(reason, calls = 1) {
      rejected.inc({ reason }, calls);
    },
  };
}
