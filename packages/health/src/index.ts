export { checkReadiness, type Readiness, type Reachable } from './readiness.js';
