import { Gauge, type Registry } from 'prom-client';
import type { CheckReadiness } from '@tidings/runtime/health';

/** Registers a gauge that shows whether each dependency answers. They are checked when the metrics are read, for at most 2 s and at most once a second. */
export function measureDependencies(registry: Registry, checkReadiness: CheckReadiness): void {
  new Gauge({
    name: 'tidings_dependency_up',
    help: '1 when the dependency answers this process within 2 s, otherwise 0.',
    labelNames: ['dependency'],
    registers: [registry],
    async collect() {
      const { checks } = await checkReadiness();
      for (const [dependency, state] of Object.entries(checks)) this.set({ dependency }, state === 'ok' ? 1 : 0);
    },
  });
}
