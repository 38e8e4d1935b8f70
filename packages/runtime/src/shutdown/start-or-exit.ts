import { NotReadyError } from '../health/index.js';

/**
 * Starts a process. When it cannot start, logs one line and exits with 1; the stack trace is left out if a dependency is the
 * reason.
 */
export async function startOrExit(
  start: () => Promise<void>,
  log: { error: (message: string, details?: object) => void },
): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (error instanceof NotReadyError) log.error(`The process cannot start: ${error.message}.`);
    else log.error('The process cannot start.', { error });
    process.exit(1);
  }
}
