import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PeriodicTaskRound } from '@tidings/runtime/periodic-task';

/** Registers the metrics of periodic tasks. Returns the function that counts a round, for the `observe` option of each task. */
export function createPeriodicTaskMetrics(registry: Registry): (round: PeriodicTaskRound) => void {
  const registers = [registry];
  const rounds = new Counter({
    name: 'tidings_periodic_task_rounds_total',
    help: 'Rounds of periodic tasks that ended: "ok", or "failed" when the round threw an error.',
    labelNames: ['task', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_periodic_task_duration_seconds',
    help: 'Duration of a round, also of a failed one.',
    labelNames: ['task'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'tidings_periodic_task_last_success_timestamp_seconds',
    help: 'When the last successful round ended, in Unix seconds.',
    labelNames: ['task'],
    registers,
  });
  return ({ task, durationMs, failed }) => {
    rounds.inc({ task, result: failed ? 'failed' : 'ok' });
    duration.observe({ task }, durationMs / 1000);
    if (!failed) lastSuccess.set({ task }, Date.now() / 1000);
  };
}
