export { waitForShutdown, type ShutdownOptions } from './wait-for-shutdown.js';
