export interface ShutdownOptions {
  /** Stops every part, in reverse order of its start. */
  stop: () => Promise<void>;
  /** What has not stopped by then is given up, in milliseconds; the process then exits with 1. */
  deadlineMs: number;
  log: { info: (message: string, details?: object) => void; error: (message: string, details?: object) => void };
}

/** Waits for SIGTERM or SIGINT, stops the parts, and exits: with 0 when all of them stopped in time. */
export async function waitForShutdown({ stop, deadlineMs, log }: ShutdownOptions): Promise<never> {
  const signal = await new Promise((resolve) => {
    // The listeners stay: a second Ctrl-C must not cut the stopping short.
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
