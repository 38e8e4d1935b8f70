export { createAcceptMetrics, type AcceptMetrics } from './accept.js';
export { createEndedMetric, type EndedMetric, type EndedStatus } from './ended.js';
export { createPeriodicTaskMetrics } from './periodic-tasks.js';
export { measureDependencies } from './dependencies.js';
export { measurePartitions } from './partitions.js';
export { measurePools } from './pool.js';
export { createProcessRegistry } from './process.js';
