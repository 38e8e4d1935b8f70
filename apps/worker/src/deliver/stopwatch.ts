/**
 * Starts a stopwatch, and returns a function that reads it, in milliseconds. Of two clocks the one that says more counts: the
 * monotonic clock stands still while the machine sleeps, and the other one may be set back.
 *
 * @param clocks default: those of the process
 */
export function startStopwatch(clocks = { monotonic: () => performance.now(), wall: () => Date.now() }): () => number {
  const monotonic = clocks.monotonic();
  const wall = clocks.wall();
  return () => Math.max(clocks.monotonic() - monotonic, clocks.wall() - wall);
}
