import { Gauge, type Registry } from 'prom-client';

/**
 * Registers the gauge of the time for which the log has partitions. It is read when the metrics are; while it cannot be read,
 * the metric has no value.
 *
 * @param readAhead returns the time in seconds
 */
export function measurePartitions(registry: Registry, readAhead: () => Promise<number>): void {
  new Gauge({
    name: 'tidings_log_partitions_ahead_seconds',
    help: 'Time from now for which the log has partitions. Without one for the present time no event is accepted.',
    registers: [registry],
    async collect() {
      try {
        this.set(await readAhead());
      } catch {
        this.remove();
      }
    },
  });
}
