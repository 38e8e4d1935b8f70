/** How long after the first Ctrl-C the next one may be the same: npm passes on what the terminal has sent already. */
const SAME_MS = 1000;

/**
 * Resolves with the signal that asks this process to stop: Ctrl-C, SIGTERM, or a terminal that was closed. Who asks
 * again after that doesn't want to wait: the process exits, and what it started is killed.
 */
export function untilAskedToStop() {
  // A closed terminal takes no more output; that is no reason to leave things running.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new Promise((resolve) => {
    let asked;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (asked !== undefined && performance.now() - asked > SAME_MS) process.exit(1);
        asked ??= performance.now();
        resolve(signal);
      });
    }
  });
}
