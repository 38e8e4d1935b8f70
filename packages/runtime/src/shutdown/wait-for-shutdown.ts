/** The options of {@link waitForShutdown}. */
export interface ShutdownOptions {
  /** Stops all parts of the process, in reverse order of their start. */
  stop: () => Promise<void>;
  /** How long `stop` may take, in milliseconds. Then the process exits with 1. */
  deadlineMs: number;
  log: { info: (message: string, details?: object) => void; error: (message: string, details?: object) => void };
}

/** Waits for SIGTERM or SIGINT, calls `stop`, and exits the process: with 0 when `stop` succeeded in time, otherwise with 1. */
export async function waitForShutdown({ stop, deadlineMs, log }: ShutdownOptions): Promise<never> {
  const signal = await new Promise((resolve) => {
    // The listeners stay, so that a second Ctrl-C does not end the process during the shutdown.
    for (const name of ['SIGTERM', 'SIGINT'])
      process.on(name, () => {
        resolve(name);
      });
  });
  log.info('Stopping.', { signal });

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
  log.info('Stopped.');
  process.exit(0);
}
