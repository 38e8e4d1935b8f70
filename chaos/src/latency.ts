import { setTimeout as wait } from 'node:timers/promises';
import type { EventInput } from './generator.js';
import { percentile } from './percentile.js';
import type { System } from './system.js';

/** The time from publishing to arrival, in milliseconds. */
export interface Latency {
  p50: number;
  p99: number;
  count: number;
  /** Events that had not arrived at the end. Each counts with the time waited for it. */
  missing: number;
}

const EVERY_MS = 25;
/** How long to wait for the last events. */
const LAST_MS = 1000;

/** Publishes an event of the owner, who has one webhook, every 25 ms, until `stop` is called, which returns the latency. */
export function startMeasuring(system: System, owner: string): { stop: () => Promise<Latency> } {
  const from = performance.now();
  let isStopped = false;
  const run = async (): Promise<void> => {
    while (!isStopped) {
      await system.publisher.publish([eventOf(owner)]);
      await wait(EVERY_MS);
    }
  };
  const running = run();
  return {
    async stop() {
      isStopped = true;
      await running;
      await wait(LAST_MS);
      const { arrivals, events } = system.ledger;
      const arrived = new Map<string, number>();
      for (const { event, atMs } of arrivals) if (!arrived.has(event)) arrived.set(event, atMs);
      const measured = [...events.values()].filter((event) => event.owner === owner && event.atMs >= from);
      const latencies = measured.map(({ id, atMs }) => (arrived.get(id) ?? performance.now()) - atMs);
      return {
        p50: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
        count: measured.length,
        missing: measured.filter(({ id }) => !arrived.has(id)).length,
      };
    },
  };
}

/** Measures for some seconds. */
export async function measureLatency(system: System, owner: string, seconds: number): Promise<Latency> {
  const measuring = startMeasuring(system, owner);
  await wait(seconds * 1000);
  return measuring.stop();
}

export function describeLatency({ p50, p99, count }: Latency): string {
  return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (${String(count)} events)`;
}

/** The violations of a latency that must be below a limit. */
export function judgeLatency(name: string, { p99, missing, count }: Latency, limitMs: number): string[] {
  return [
    ...(count === 0 ? [`${name}: no event was published`] : []),
    ...(missing > 0 ? [`${name}: ${String(missing)} events had not arrived at the end of the measurement`] : []),
    ...(p99 < limitMs ? [] : [`${name}: p99 is ${p99.toFixed(0)} ms; it must be under ${limitMs.toFixed(0)} ms`]),
  ];
}

/** An event of the owner. */
export function eventOf(owner: string): EventInput {
  return { type: 'gaps.updated', owner, data: { user_id: owner, entity_type: 'artist', entity_id: '45' } };
}

/** Publishes so many events of the owner, in large requests. */
export async function publishMany(system: System, owner: string, count: number): Promise<void> {
  const perRequest = 500;
  for (let left = count; left > 0; left -= perRequest)
    await system.publisher.publish(Array.from({ length: Math.min(left, perRequest) }, () => eventOf(owner)));
}
