import { Counter, type Registry } from 'prom-client';

/** The final states of a delivery. */
export type EndedStatus = 'succeeded' | 'failed' | 'cancelled' | 'skipped';

/** Counts deliveries that ended; default 1. */
export type EndedMetric = (status: EndedStatus, count?: number) => void;

/**
 * Registers the counter of deliveries that ended.
 *
 * @param statuses the final states that this process sets: they start at 0
 */
export function createEndedMetric(registry: Registry, statuses: readonly EndedStatus[]): EndedMetric {
  const ended = new Counter({
    name: 'tidings_deliveries_ended_total',
    help: 'Deliveries that ended, by final status. A delivery that is cancelled during an attempt counts as cancelled and by the outcome of the attempt.',
    labelNames: ['status'],
    registers: [registry],
  });
  for (const status of statuses) ended.inc({ status }, 0);
  return (status, count = 1) => {
    ended.inc({ status }, count);
  };
}
