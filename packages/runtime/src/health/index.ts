export { startHealthServer, type HealthServer, type RenderedMetrics } from './server.js';
export { checkReadiness, type Readiness, type Reachable } from './readiness.js';
