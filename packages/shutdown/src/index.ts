export { untilStopped, type ShutdownOptions } from './until-stopped.js';
