export { captureConsole } from './capture-console.js';
export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { createRepetitions } from './repetitions.js';
