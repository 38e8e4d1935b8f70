import { Counter, type Registry } from 'prom-client';

/** The states that are the end of a delivery. */
export type EndedStatus = 'succeeded' | 'failed' | 'cancelled' | 'skipped';

/** So many deliveries ended; default 1. */
export type EndedMetric = (status: EndedStatus, count?: number) => void;

/**
 * Counts the deliveries that ended.
 *
 * @param statuses those that this process ends deliveries with: they are shown from the beginning
 */
export function createEndedMetric(registry: Registry, statuses: readonly EndedStatus[]): EndedMetric {
  const ended = new Counter({
    name: 'tidings_deliveries_ended_total',
    help: 'Deliveries that ended, by how. One that is cancelled under way counts as that, and as what its attempt came to.',
    labelNames: ['status'],
    registers: [registry],
  });
  for (const status of statuses) ended.inc({ status }, 0);
  return (status, count = 1) => {
    ended.inc({ status }, count);
  };
}
