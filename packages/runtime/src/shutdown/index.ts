export { runUntilStopped, type ProcessParts } from './run-until-stopped.js';
