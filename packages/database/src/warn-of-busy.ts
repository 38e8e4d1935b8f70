const REMEDY = 'End the transactions that have been open for long: pg_stat_activity shows them.';

/** Creates a function that receives the busy periods of each round, and warns once of each that was busy in two rounds running. */
export function createWarnOfBusy(log: { warn: (message: string, details: object) => void }) {
  let busyBefore: readonly string[] = [];
  const warned = new Set<string>();
  return (busy: readonly string[]): void => {
    const periods = busy.filter((name) => busyBefore.includes(name) && !warned.has(name));
    busyBefore = busy;
    if (periods.length === 0) return;
    for (const name of periods) warned.add(name);
    log.warn('Old periods of the log cannot be dropped, because transactions that read them stay open.', {
      periods,
      remedy: REMEDY,
    });
  };
}
