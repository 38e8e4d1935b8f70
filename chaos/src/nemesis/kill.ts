import type { LocalApi, LocalProcess } from '@tidings/local';
import { CONCURRENCY, type System } from '../system.js';

/** Ends a worker with SIGKILL: what it had sent and not recorded is sent again by another one. */
export async function killWorker(system: System, worker: LocalProcess): Promise<void> {
  system.processes.forget(worker);
  await worker.stop('SIGKILL');
  system.crash({ name: 'a worker was killed', interrupts: CONCURRENCY });
}

/** Waits for a worker that ends by itself, at a failpoint, and replaces it. False: it has not ended in time. */
export async function replaceWhenEnded(system: System, worker: LocalProcess, deadlineMs: number): Promise<boolean> {
  if (!(await endsWithin(worker, deadlineMs))) return false;
  system.processes.forget(worker);
  system.crash({ name: 'a worker died at its failpoint', interrupts: CONCURRENCY });
  await system.processes.addWorker();
  return true;
}

/** Ends an API with SIGKILL. It sends nothing, so no delivery may come twice for it. */
export async function killApi(system: System, api: LocalApi): Promise<void> {
  system.processes.forget(api);
  await api.stop('SIGKILL');
  system.crash({ name: 'an API was killed' });
}

export async function endsWithin(process: LocalProcess, deadlineMs: number): Promise<boolean> {
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
