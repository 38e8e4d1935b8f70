import type { PeriodicWork } from '@tidings/database';

type Round = (isStopping: () => boolean) => Promise<unknown>;

/**
 * Creates a function that lets a round of a periodic task run only when it has something to do. Rounds that start at the same time
 * share one read: alone, each would ask PostgreSQL every second.
 */
export function createWhenNeeded(readWork: () => Promise<PeriodicWork>) {
  let reading: Promise<PeriodicWork> | undefined;
  const read = (): Promise<PeriodicWork> =>
    (reading ??= readWork().finally(() => {
      reading = undefined;
    }));

  return (work: keyof PeriodicWork, run: Round): Round =>
    async (isStopping) => {
      if ((await read())[work]) await run(isStopping);
    };
}
