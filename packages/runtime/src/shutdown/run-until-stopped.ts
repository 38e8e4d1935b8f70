import { NotReadyError } from '@tidings/runtime/health';
import { ListenError } from '@tidings/runtime/listen';

/** A process whose parts are composed, and not started yet. */
export interface ProcessParts {
  /** Starts all parts. */
  start: () => Promise<void>;
  /** Stops all parts, in reverse order of their start. */
  stop: () => Promise<void>;
  /** How long `stop` may take, in milliseconds. Then the process exits with 1. */
  deadlineMs: number;
  log: { info: (message: string, details?: object) => void; error: (message: string, details?: object) => void };
}

/** Errors of a standard output that nobody reads any more: a closed pipe, socket or terminal. */
const READER_HAS_GONE = new Set(['EPIPE', 'ECONNRESET', 'EIO']);

/**
 * Starts a process, waits for the reason to stop it, stops it, and exits: after SIGTERM or SIGINT with 0, otherwise with 1.
 *
 * Three other reasons end it with one line instead of a stack trace. A server cannot listen. A dependency cannot be used,
 * whatever happens. Or the reader of standard output has gone: nobody would see what a process without a log does, and its supervisor can only start it again, with another pipe,
 * when it ends. It finishes its requests first. A disk that is full, on the other hand, loses lines and ends nothing.
 */
export async function runUntilStopped({ start, stop, deadlineMs, log }: ProcessParts): Promise<never> {
  const readerHasGone = watchOutput();
  // A process that waits for its database must stop when it is asked to.
  const stopped = stopSignal();
  const failure = await Promise.race([start().then(() => undefined, startFailure), readerHasGone, stopped]);
  const reason = failure ?? (await Promise.race([stopped, readerHasGone]));
  if ('signal' in reason) log.info('Stopping.', reason);
  else if (reason.isLogged) log.error(reason.message);
  else process.stderr.write(`${reason.message}\n`);

  setTimeout(() => {
    log.error('Not everything stopped in time.', { deadline_ms: deadlineMs });
    process.exit(1);
  }, deadlineMs).unref();
  try {
    await stop();
  } catch (error) {
    log.error('Stopping failed.', { error });
    process.exit(1);
  }
  if (!('signal' in reason)) process.exit(1);
  log.info('Stopped.');
  process.exit(0);
}

/** Why a process ends by itself. */
interface Failure {
  message: string;
  /** Whether the log can still be written. */
  isLogged: boolean;
}

function startFailure(error: unknown): Failure {
  if (error instanceof ListenError) return { message: error.message, isLogged: true };
  if (error instanceof NotReadyError) return { message: `The process cannot start: ${error.message}.`, isLogged: true };
  throw error;
}

function stopSignal(): Promise<{ signal: NodeJS.Signals }> {
  return new Promise((resolve) => {
    // The listeners stay, so that a second Ctrl-C does not end the process during the shutdown.
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        resolve({ signal });
      });
  });
}

/** Resolves when the reader of standard output has gone. From now on no error of an output ends the process by itself. */
function watchOutput(): Promise<Failure> {
  process.stderr.on('error', () => undefined);
  return new Promise((resolve) => {
    process.stdout.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      const message = `Nobody reads the log any more (${code} on standard output): this process stops.`;
      if (READER_HAS_GONE.has(code)) resolve({ message, isLogged: false });
    });
  });
}
