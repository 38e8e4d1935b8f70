import winston, { format } from 'winston';
import { createFailureLimit, type Explain } from './known-failures.js';
import { redact } from './redact.js';

/** A winston logger. Details go in the second argument: `log.info('Accepted.', { event_id })`. */
export type Logger = winston.Logger;

/** The options of {@link createLogger}. */
export interface LoggerOptions {
  /** The name of the process: `api`, `worker`. */
  service: string;
  /** The lowest level that is written: `error`, `warn`, `info` or `debug`. */
  level: string;
  /** `json`: one object per line; `pretty`: for people. Default: `pretty` on a terminal, otherwise `json`. */
  format?: 'json' | 'pretty' | undefined;
  /** Returns fields for every line, such as the ids of the active span. Fields of the line itself win. Default: none. */
  context?: (() => object | undefined) | undefined;
  /**
   * Explains errors whose cause lies outside of the process: such a line has the explanation in place of the error, and of the
   * warnings about one topic one is written a minute, with the number of the others as `held_back`. Default: every error is written, with its stack trace.
   */
  explain?: Explain | undefined;
  /** Where lines go. Default: standard output. */
  stream?: NodeJS.WritableStream;
}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

const redacted = format((info) => Object.assign(info, redact({ ...info }), { level: info.level }));

const pretty = format.printf(({ level, message, timestamp, service, ...details }) => {
  const rest = Object.keys(details).length > 0 ? ` ${JSON.stringify(details)}` : '';
  return `${String(timestamp).slice(11, 23)} ${String(service).padEnd(6)} ${level} ${String(message)}${rest}`;
});

/** Creates the logger of a process. Secrets and tokens are redacted before a line is written (I8). */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level, stream, format: style = process.stdout.isTTY ? 'pretty' : 'json' } = options;
  const logger = winston.createLogger({
    level,
    defaultMeta: { service },
    format: format.combine(format.timestamp(), redacted(), ...(style === 'json' ? [format.json()] : [format.colorize(), pretty])),
    transports: [stream ? new winston.transports.Stream({ stream }) : new winston.transports.Console()],
  });
  if (options.explain !== undefined) withLimit(logger, options.explain);
  if (options.context !== undefined) withContext(logger, options.context);
  // winston formats a line before it drops it because of its level: 5 % of the worker's time (measured).
  for (const name of LEVELS) if (!logger.isLevelEnabled(name)) logger[name] = () => logger;
  return logger;
}

/** Shortens lines about known failures, and drops repeated ones. */
function withLimit(logger: Logger, explain: Explain): void {
  const limit = createFailureLimit(explain);
  for (const name of ['error', 'warn'] as const) {
    const write = logger[name].bind(logger) as (message: string, details?: object) => Logger;
    logger[name] = ((message: string, details?: object) => {
      const kept = limit(name, message, details);
      return kept === null ? logger : write(message, kept);
    }) as Logger[typeof name];
  }
}

/** Reads the context when a line is logged: with a busy stream, winston may format it later, when another span is active. */
function withContext(logger: Logger, context: () => object | undefined): void {
  for (const name of LEVELS) {
    const write = logger[name].bind(logger) as (message: string, details?: object) => Logger;
    logger[name] = ((message: string, details?: object) => {
      const fields = context();
      return write(message, fields === undefined ? details : { ...fields, ...details });
    }) as Logger[typeof name];
  }
}
