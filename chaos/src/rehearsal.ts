import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@tidings/local';
import { createCleanup } from './cleanup.js';
import { writeLedger } from './ledger.js';
import type { Sabotage } from './preload/sabotage.js';
import { createRandom } from './random.js';
import type { JobOutcome } from './judge.js';
import { startBreakablePostgres, startBreakableRedis } from './servers.js';
import type { Scenario, Stage } from './stage.js';

export interface RunOptions {
  seed: number;
  isShort: boolean;
  /** How long faults last; default: each scenario's own. */
  seconds?: number | undefined;
  sabotage?: Sabotage | undefined;
  drainMs?: number | undefined;
  /** Of a migrated database on a server that nobody breaks, which each scenario copies. Default: one of our own. */
  postgresUrl?: string | undefined;
  /** A folder for the ledgers; default: they are not kept. */
  ledgers?: string | undefined;
  /** Shows what happens while it happens. */
  show?: ((line: string) => void) | undefined;
}

/** What came of a scenario; one that the machine cannot play is skipped. */
export interface Outcome {
  scenario: string;
  seconds: number;
  verdict?: JobOutcome;
  skipped?: string;
  /** It broke off, which says nothing about the system, and is no success either. */
  error?: string;
}

/** Plays scenarios one by one, and takes away what each of them left. */
export interface Rehearsal {
  play: (scenario: Scenario) => Promise<Outcome>;
  /** Stops whatever runs. */
  end: () => Promise<void>;
}

export function createRehearsal(options: RunOptions): Rehearsal {
  const { seed, isShort, seconds, sabotage, drainMs, ledgers, show } = options;
  const all = createCleanup();
  let scene = createCleanup();
  const { folder, remove } = temporaryFolder();
  all.add(remove);
  // No fsync: nobody cuts the power of the one that nobody breaks.
  const settings = { max_connections: '200', fsync: 'off' };
  let shared = options.postgresUrl === undefined ? undefined : Promise.resolve(options.postgresUrl);
  const sharedPostgres = (): Promise<string> =>
    (shared ??= startBreakablePostgres(join(folder, 'shared'), all, settings).then(({ url }) => url));

  const setStage = (scenario: Scenario): Stage => {
    const own = join(folder, scenario.name);
    mkdirSync(own, { recursive: true, mode: 0o755 });
    const cleanup = scene;
    const startedAt = performance.now();
    return {
      random: createRandom(`${String(seed)} ${scenario.name}`),
      isShort,
      seconds: (initial) => seconds ?? initial,
      cleanup,
      folder: own,
      sabotage,
      drainMs,
      sharedPostgres,
      startPostgres: ({ folder: data = join(own, 'postgres'), settings: more } = {}) =>
        startBreakablePostgres(data, cleanup, more),
      startRedis: () => startBreakableRedis(join(own, 'redis'), cleanup),
      note: (what) => show?.(`  ${((performance.now() - startedAt) / 1000).toFixed(1)} s ${what}`),
      keep(ledger) {
        if (ledgers === undefined) return;
        mkdirSync(ledgers, { recursive: true });
        writeLedger(join(ledgers, `${scenario.name}-${String(seed)}.jsonl`), ledger);
      },
    };
  };

  return {
    async play(scenario) {
      const startedAt = performance.now();
      const outcome = (rest: Omit<Outcome, 'scenario' | 'seconds'>): Outcome => ({
        scenario: scenario.name,
        seconds: Math.round((performance.now() - startedAt) / 1000),
        ...rest,
      });
      const lacks = scenario.lacks?.();
      if (lacks !== undefined) return outcome({ skipped: lacks });
      scene = createCleanup();
      try {
        return outcome({ verdict: await scenario.run(setStage(scenario)) });
      } catch (error) {
        return outcome({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      } finally {
        await scene.run();
      }
    },
    async end() {
      await scene.run();
      await all.run();
    },
  };
}
