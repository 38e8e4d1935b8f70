export { startHealthServer, type HealthServer, type RenderedMetrics } from './server.js';
export { checkReadiness, NotReadyError, type Readiness, type DependencyCheck } from './readiness.js';
