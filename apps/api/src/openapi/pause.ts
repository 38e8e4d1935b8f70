import { setImmediate } from 'node:timers/promises';

/** How long other work of the process may wait, in milliseconds. */
const SLICE_MS = 5;

/** Lets other work of the process run once a time slice is over. It is awaited between the steps of long work. */
export type Pause = () => Promise<void> | undefined;

/** Starts long work, whose first time slice begins now. */
export function createPause(): Pause {
  let sliceEnds = performance.now() + SLICE_MS;
  const pause = async (): Promise<void> => {
    await setImmediate();
    sliceEnds = performance.now() + SLICE_MS;
  };
  return () => (performance.now() < sliceEnds ? undefined : pause());
}
