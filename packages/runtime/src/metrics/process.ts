import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

interface ProcessOptions {
  /** `api` or `worker`. */
  service: string;
  /** The version of the release, such as `0.1.0`. */
  version: string;
}

/** Creates a registry with the metrics of every process: those of Node (`process_…`, `nodejs_…`), and the build. */
export function createProcessRegistry({ service, version }: ProcessOptions): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'tidings_build_info',
    help: 'Always 1. The labels name the service, its version and the version of Node.',
    labelNames: ['service', 'version', 'node_version'],
    registers: [registry],
  }).set({ service, version, node_version: process.versions.node }, 1);
  return registry;
}
