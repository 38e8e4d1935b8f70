import { setTimeout as wait } from 'node:timers/promises';
import type { LocalProcess } from './process.js';

interface KeepRunningOptions {
  /** Starts the next process. */
  start: () => Promise<LocalProcess>;
  /** Aborted when the processes are stopped: then no further one is started. */
  stopped: AbortSignal;
  onOutput: (text: string) => void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A worker that has run for this time was healthy: the waits begin again with the shortest. */
const HEALTHY_AFTER_MS = 60_000;

/**
 * Starts a worker again whenever it ends, until `stopped` is aborted. The wait before it doubles while workers end soon, from a
 * second up to half a minute.
 */
export async function keepRunning(worker: LocalProcess, { start, stopped, onOutput }: KeepRunningOptions): Promise<void> {
  const isStopped = (): boolean => stopped.aborted;
  let running: LocalProcess | undefined = worker;
  let waitMs = FIRST_WAIT_MS;
  while (!isStopped()) {
    const startedAt = performance.now();
    const code = await running?.ended.catch(() => null);
    if (isStopped()) return;
    if (running !== undefined) {
      if (performance.now() - startedAt >= HEALTHY_AFTER_MS) waitMs = FIRST_WAIT_MS;
      const how = typeof code === 'number' ? `with exit code ${String(code)}` : 'by a signal';
      onOutput(`The worker ended ${how}. It is started again in ${String(waitMs / 1000)} s.\n`);
    }
    await wait(waitMs, undefined, { signal: stopped }).catch(() => undefined);
    if (isStopped()) return;
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    running = await start().catch((error: unknown) => {
      onOutput(`${String(error)} It is started again in ${String(waitMs / 1000)} s.\n`);
      return undefined;
    });
  }
}
