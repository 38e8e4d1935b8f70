/** Signals within this time after the first are ignored: the terminal and npm both send the signal of one Ctrl-C. */
const DUPLICATE_MS = 1000;

/**
 * Resolves with the first signal to stop: SIGINT (Ctrl-C), SIGTERM or SIGHUP (the terminal was closed). On a later signal the
 * process exits immediately with code 1, which kills the processes that it started.
 */
export function waitForStopSignal() {
  // Output to a closed terminal fails. Without a listener the error would end this process before it has stopped the others.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new Promise((resolve) => {
    let firstSignalAt;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (firstSignalAt !== undefined && performance.now() - firstSignalAt > DUPLICATE_MS) process.exit(1);
        firstSignalAt ??= performance.now();
        resolve(signal);
      });
    }
  });
}
