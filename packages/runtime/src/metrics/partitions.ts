import { Gauge, type Registry } from 'prom-client';
import { shareFor } from '@tidings/runtime/health';

/** How long a value counts, in milliseconds. */
const MAX_AGE_MS = 1000;

/**
 * Registers the gauge of the time for which the log has partitions. It is read when the metrics are, at most once a second; while it cannot be read,
 * the metric has no value.
 *
 * @param readAhead returns the time in seconds
 */
export function measurePartitions(registry: Registry, readAhead: () => Promise<number>): void {
  const read = shareFor(MAX_AGE_MS, readAhead);
  new Gauge({
    name: 'tidings_log_partitions_ahead_seconds',
    help: 'Time from now for which the log has partitions. Without one for the present time no event is accepted.',
    registers: [registry],
    async collect() {
      try {
        this.set(await read());
      } catch {
        this.remove();
      }
    },
  });
}
