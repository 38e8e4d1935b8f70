export { waitForShutdown, type ShutdownOptions } from './wait-for-shutdown.js';
export { startOrExit } from './start-or-exit.js';
