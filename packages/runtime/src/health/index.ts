export { startHealthServer, type HealthServer, type RenderedMetrics } from './server.js';
export { createReadiness, NotReadyError, type CheckReadiness, type Readiness, type DependencyCheck } from './readiness.js';
export { shareFor } from './share-for.js';
