import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DutyRound } from '@tidings/duty';

/** What is counted of the rounds of background duties. Answers with what each duty is to tell of its rounds. */
export function createDutyMetrics(registry: Registry): (round: DutyRound) => void {
  const registers = [registry];
  const rounds = new Counter({
    name: 'tidings_duty_rounds_total',
    help: 'Rounds of background duties that ended: "ok", or "failed" when it threw.',
    labelNames: ['duty', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: 'tidings_duty_duration_seconds',
    help: 'How long a round took, be it that it failed.',
    labelNames: ['duty'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30],
    registers,
  });
  const lastSuccess = new Gauge({
    name: 'tidings_duty_last_success_timestamp_seconds',
    help: 'When the last round that did not fail ended, in Unix seconds.',
    labelNames: ['duty'],
    registers,
  });
  return ({ duty, durationMs, failed }) => {
    rounds.inc({ duty, result: failed ? 'failed' : 'ok' });
    duration.observe({ duty }, durationMs / 1000);
    if (!failed) lastSuccess.set({ duty }, Date.now() / 1000);
  };
}
