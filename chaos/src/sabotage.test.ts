import { beforeAll, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { killApi, killWorker } from './nemesis/kill.js';
import { commandRedis } from './nemesis/redis.js';
import type { Sabotage } from './preload/sabotage.js';
import { createRehearsal, type Outcome } from './rehearsal.js';
import { streams } from './scenarios/streams.js';
import type { Scenario } from './stage.js';
import { startSystem, type System } from './system.js';

// The harness, tested: each test breaks one promise in the real processes, and the harness must notice. That it finds
// nothing where no promise is broken is what `npm run chaos` shows.

/** Longer than the 15 s after which a reconciler that works brings back what was lost. */
const DRAIN_MS = 18_000;
/** Much longer than a stream takes that works. */
const STREAMS_MS = 4000;

/** What the scenario of the streams shows by itself. */
type OfStreams = 'announcements-only';

const FAULTS: Record<Exclude<Sabotage, OfStreams>, (system: System) => Promise<void>> = {
  async 'reconciler-off'(system) {
    await commandRedis(system.redis.url, 'FLUSHALL');
  },
  async 'acknowledge-first'(system) {
    for (const api of [...system.processes.apis]) await killApi(system, api);
    await system.processes.addApi();
  },
  async 'success-first'(system) {
    for (const worker of [...system.processes.workers]) await killWorker(system, worker);
    await system.processes.addWorker();
  },
};

const faultsOf = (sabotage: keyof typeof FAULTS): Scenario => ({
  name: sabotage,
  describe: 'a second of load, one fault, and a second more',
  async run(stage) {
    const system = await startSystem(stage, { workers: 1 });
    const load = system.load();
    await wait(1000);
    await FAULTS[sabotage](system);
    await wait(1000);
    await load.stop();
    return system.settle();
  },
});
const outcomes = new Map<Sabotage, Outcome>();
async function play(sabotage: Sabotage, scenario: Scenario, drainMs: number): Promise<void> {
  const postgresUrl = process.env['TEST_DATABASE_URL'];
  const rehearsal = createRehearsal({ seed: 1, isShort: true, sabotage, drainMs, postgresUrl });
  try {
    outcomes.set(sabotage, await rehearsal.play(scenario));
  } finally {
    await rehearsal.end();
  }
}
beforeAll(async () => {
  // At once, since most of the time goes by in waiting; the streams by themselves, since they keep the machine busy.
  await Promise.all(
    (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).map((sabotage) => play(sabotage, faultsOf(sabotage), DRAIN_MS)),
  );
  await play('announcements-only', streams, STREAMS_MS);
}, 90_000);

test.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])('with %s the harness reports loss', (sabotage) => {
  const { error, verdict } = outcomes.get(sabotage) ?? {};
  expect(error).toBeUndefined();
  expect(verdict?.counts.lost).toBeGreaterThan(0);
  expect(verdict?.violations.join()).toContain('lost');
});

test('with announcements-only the harness reports what its clients miss', () => {
  const { error, verdict } = outcomes.get('announcements-only') ?? {};
  expect(error).toBeUndefined();
  expect(verdict?.violations.join()).toMatch(/\d+ streamed events missing/);
});
