import { beforeAll, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { killApi, killWorker } from './nemesis/kill.js';
import { sendRedisCommand } from './nemesis/redis.js';
import type { Sabotage } from './preload/sabotage.js';
import { createRunner, type ScenarioOutcome } from './runner.js';
import { logPutBack } from './scenarios/log-put-back.js';
import { streams } from './scenarios/streams.js';
import { webhooksChange } from './scenarios/webhooks-change.js';
import type { Scenario } from './scenario.js';
import { startSystem, type System } from './system.js';

// Tests of the harness: each breaks one promise in the real processes, and the harness must report it. `npm run chaos`
// shows that it reports nothing when no promise is broken.

/** Longer than the 15 s after which a working reconciler enqueues lost deliveries again. */
const DRAIN_MS = 18_000;
/** Long enough for events to be published on a busy machine. */
const STOPPED_MS = 2000;
/** Much longer than a working stream needs. */
const STREAMS_MS = 4000;

/** The sabotages that a scenario of streams detects without further faults. */
const STREAM_SABOTAGES = { 'announcements-only': streams, 'put-back-unseen': logPutBack } satisfies Partial<
  Record<Sabotage, Scenario>
>;
type StreamSabotage = keyof typeof STREAM_SABOTAGES;

/** The sabotages that the scenario `webhooks-change` detects, and its finding. */
const CHANGE_SABOTAGES = {
  'more-slots': /requests beyond max_in_flight/,
  'pause-unseen': /requests after an acknowledged disable, delete or pause/,
  'no-order': /first requests out of order at fifo webhooks/,
} satisfies Partial<Record<Sabotage, RegExp>>;
type ChangeSabotage = keyof typeof CHANGE_SABOTAGES;
/** Long enough for some changes of each kind. */
const CHANGES_S = 8;

const FAULTS: Record<Exclude<Sabotage, StreamSabotage | ChangeSabotage>, (system: System) => Promise<void>> = {
  async 'reconciler-off'(system) {
    // While no worker takes jobs, some wait in Redis.
    for (const { pid } of system.processes.workers) process.kill(pid, 'SIGSTOP');
    await wait(STOPPED_MS);
    await sendRedisCommand(system.redis.url, 'FLUSHALL');
    for (const { pid } of system.processes.workers) process.kill(pid, 'SIGCONT');
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

const scenarioFor = (sabotage: keyof typeof FAULTS): Scenario => ({
  name: sabotage,
  description: 'a second of load, one fault, and a second more',
  async run(context) {
    const system = await startSystem(context, { workers: 1 });
    const load = system.startLoad();
    await wait(1000);
    await FAULTS[sabotage](system);
    await wait(1000);
    await load.stop();
    return system.drainAndJudge();
  },
});
const outcomes = new Map<Sabotage, ScenarioOutcome>();
async function run(sabotage: Sabotage, scenario: Scenario, drainMs: number, seconds?: number): Promise<void> {
  const postgresUrl = process.env['TEST_DATABASE_URL'];
  const runner = createRunner({ seed: 1, isShort: true, sabotage, drainMs, seconds, postgresUrl });
  try {
    outcomes.set(sabotage, await runner.run(scenario));
  } finally {
    await runner.stop();
  }
}
beforeAll(async () => {
  // In parallel, since they mostly wait; the streams alone, since they keep the machine busy.
  await Promise.all(
    (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).map((sabotage) => run(sabotage, scenarioFor(sabotage), DRAIN_MS)),
  );
  await Promise.all(
    (Object.keys(CHANGE_SABOTAGES) as ChangeSabotage[]).map((sabotage) => run(sabotage, webhooksChange, DRAIN_MS, CHANGES_S)),
  );
  for (const [sabotage, scenario] of Object.entries(STREAM_SABOTAGES))
    await run(sabotage as StreamSabotage, scenario, STREAMS_MS);
}, 900_000);

test.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])('reports lost events with %s', (sabotage) => {
  const { error, verdict } = outcomes.get(sabotage) ?? {};
  expect(error).toBeUndefined();
  expect(verdict?.counts.lost).toBeGreaterThan(0);
  expect(verdict?.violations.join()).toContain('lost');
});

test.each(Object.keys(STREAM_SABOTAGES) as StreamSabotage[])('reports missing stream events with %s', (sabotage) => {
  const { error, verdict } = outcomes.get(sabotage) ?? {};
  expect(error).toBeUndefined();
  expect(verdict?.violations.join()).toMatch(/\d+ streamed events missing/);
});

test.each(Object.entries(CHANGE_SABOTAGES))('reports broken rules of changed webhooks with %s', (sabotage, finding) => {
  const { error, verdict } = outcomes.get(sabotage as ChangeSabotage) ?? {};
  expect(error).toBeUndefined();
  expect(verdict?.violations.join()).toMatch(finding);
});
