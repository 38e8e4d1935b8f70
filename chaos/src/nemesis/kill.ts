import { setTimeout as wait } from 'node:timers/promises';
import type { LocalApi, LocalProcess } from '@tidings/local';
import { CONCURRENCY, type System } from '../system.js';

/** How long after the kill a busy receiver may still read requests from its sockets, in milliseconds. */
const BUFFERED_MS = 200;

/** Kills a worker with SIGKILL. Another worker repeats the requests that it had sent and not recorded. */
export async function killWorker(system: System, worker: LocalProcess): Promise<void> {
  system.processes.remove(worker);
  const endFault = system.startFault({ name: 'a worker was killed', interrupts: CONCURRENCY });
  await worker.stop('SIGKILL');
  await wait(BUFFERED_MS);
  endFault();
}

/** Waits for a worker to exit at its failpoint, and replaces it. Returns false when it did not exit in time. */
export async function replaceAfterExit(system: System, worker: LocalProcess, deadlineMs: number): Promise<boolean> {
  if (!(await exitsWithin(worker, deadlineMs))) return false;
  system.processes.remove(worker);
  system.recordCrash({ name: 'a worker died at its failpoint', interrupts: CONCURRENCY });
  await system.processes.addWorker();
  return true;
}

/** Kills an API with SIGKILL. An API sends no webhooks, so this explains no duplicate. */
export async function killApi(system: System, api: LocalApi): Promise<void> {
  system.processes.remove(api);
  await api.stop('SIGKILL');
  system.recordCrash({ name: 'an API was killed' });
}

/** Whether the process exits within the deadline. */
export async function exitsWithin(process: LocalProcess, deadlineMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, deadlineMs);
  });
  const ended = process.ended.then(() => true as const);
  return Promise.race([ended, deadline]).finally(() => {
    clearTimeout(timer);
  });
}
