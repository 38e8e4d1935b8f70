import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

interface ProcessOptions {
  /** `api` or `worker`. */
  service: string;
  /** Of the release, such as `0.1.0`. */
  version: string;
}

/** A registry that has what is the same of every process: Node's own metrics (`process_…`, `nodejs_…`), and what runs. */
export function createProcessRegistry({ service, version }: ProcessOptions): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'tidings_build_info',
    help: 'Always 1: what runs, in its labels.',
    labelNames: ['service', 'version', 'node_version'],
    registers: [registry],
  }).set({ service, version, node_version: process.versions.node }, 1);
  return registry;
}
