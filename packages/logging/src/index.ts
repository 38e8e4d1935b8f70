export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { redact } from './redact.js';
