import { Gauge, type Registry } from 'prom-client';
import { checkReadiness, type Reachable } from '@tidings/runtime/health';

/** Shows whether each part that a process needs answers. They are asked when the metrics are: 2 s at most. */
export function measureDependencies(registry: Registry, parts: Readonly<Record<string, Reachable>>): void {
  new Gauge({
    name: 'tidings_dependency_up',
    help: '1 when it answers this process within 2 s, 0 when not.',
    labelNames: ['dependency'],
    registers: [registry],
    async collect() {
      const { checks } = await checkReadiness(parts);
      for (const [dependency, state] of Object.entries(checks)) this.set({ dependency }, state === 'ok' ? 1 : 0);
    },
  });
}
