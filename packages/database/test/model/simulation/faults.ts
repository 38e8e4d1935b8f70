import { add } from './observations.js';
import { enqueue, put, workersNow, type Simulation } from './simulation.js';

/** Crashes a worker, which another process replaces. Redis may give its job to another worker, or lose it. */
export function crashWorker(simulation: Simulation, index: number, redisNotices: boolean): Simulation {
  const worker = simulation.workers[index] ?? { at: 'idle' };
  if (worker.at === 'idle') return simulation;
  const { observed } = simulation;
  const jobs = redisNotices ? [...simulation.jobs, { id: worker.job.id, dueAt: workersNow(simulation) }] : simulation.jobs;
  const unrecorded = worker.at === 'sent' ? add(observed.unrecorded, worker.job.id) : observed.unrecorded;
  return put({ ...simulation, jobs, observed: { ...observed, unrecorded } }, index, { at: 'idle' });
}

/** Lets time pass, by both clocks. */
export const passTime = (simulation: Simulation, ms: number): Simulation => ({
  ...simulation,
  log: { ...simulation.log, now: simulation.log.now + ms },
});

/** Sets the database's clock to an earlier or later time; the workers' clock is unchanged. */
export const stepClock = (simulation: Simulation, ms: number): Simulation => ({
  ...passTime(simulation, ms),
  skewMs: simulation.skewMs - ms,
});

/** Makes Redis lose all jobs. */
export const flushRedis = (simulation: Simulation): Simulation => ({ ...simulation, jobs: [] });

/** Adds a job that Redis has already, or that a process enqueues late because it was paused after its commit. */
export const addStrayJob = (simulation: Simulation, index: number): Simulation => {
  const ids = [...simulation.log.deliveries.keys()];
  const id = ids[index % Math.max(1, ids.length)];
  return id === undefined ? simulation : enqueue(simulation, [id]);
};
