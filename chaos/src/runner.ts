import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@tidings/local';
import { createCleanup } from './cleanup.js';
import { writeLedger } from './ledger.js';
import type { Sabotage } from './preload/sabotage.js';
import { createRandom } from './random.js';
import type { Verdict } from './judge.js';
import { startBreakablePostgres, startBreakableRedis } from './servers.js';
import type { Scenario, ScenarioContext } from './scenario.js';

export interface RunOptions {
  seed: number;
  isShort: boolean;
  /** The duration of faults. Default: the scenario's. */
  seconds?: number | undefined;
  sabotage?: Sabotage | undefined;
  /** How long to wait for pending deliveries. Default: 60 s, or the scenario's. */
  drainMs?: number | undefined;
  /** The URL of a migrated database that each scenario copies, on a server that no scenario breaks. Default: a new server. */
  postgresUrl?: string | undefined;
  /** The folder for the ledgers. Default: they are not written. */
  ledgers?: string | undefined;
  /** Prints a line for each fault, when it happens. */
  show?: ((line: string) => void) | undefined;
}

/** The result of a scenario. It has exactly one of `verdict`, `skipped` and `error`. */
export interface ScenarioOutcome {
  scenario: string;
  seconds: number;
  verdict?: Verdict;
  /** The missing requirement of this machine for the scenario. */
  skipped?: string;
  /** The scenario itself failed. This says nothing about the system, and counts as a violation. */
  error?: string;
}

/** Runs scenarios, one at a time, and cleans up after each. */
export interface Runner {
  run: (scenario: Scenario) => Promise<ScenarioOutcome>;
  /** Stops all processes and servers, also those of a running scenario. */
  stop: () => Promise<void>;
}

/** Creates a runner. It starts the shared PostgreSQL with the first scenario that needs it. */
export function createRunner(options: RunOptions): Runner {
  const { seed, isShort, seconds, sabotage, drainMs, ledgers, show } = options;
  const runCleanup = createCleanup();
  let scenarioCleanup = createCleanup();
  const { folder, remove } = temporaryFolder();
  runCleanup.add(remove);
  // Without fsync, because no scenario crashes the shared server.
  const settings = { max_connections: '200', fsync: 'off' };
  let shared = options.postgresUrl === undefined ? undefined : Promise.resolve(options.postgresUrl);
  const sharedPostgres = (): Promise<string> =>
    (shared ??= startBreakablePostgres(join(folder, 'shared'), runCleanup, settings).then(({ url }) => url));

  const createContext = (scenario: Scenario): ScenarioContext => {
    const scenarioFolder = join(folder, scenario.name);
    mkdirSync(scenarioFolder, { recursive: true, mode: 0o755 });
    const cleanup = scenarioCleanup;
    const startedAt = performance.now();
    return {
      random: createRandom(`${String(seed)} ${scenario.name}`),
      isShort,
      seconds: (defaultSeconds) => seconds ?? defaultSeconds,
      cleanup,
      folder: scenarioFolder,
      sabotage,
      drainMs,
      sharedPostgres,
      startPostgres: ({ folder: data = join(scenarioFolder, 'postgres'), settings: more } = {}) =>
        startBreakablePostgres(data, cleanup, more),
      startRedis: () => startBreakableRedis(join(scenarioFolder, 'redis'), cleanup),
      log: (message) => show?.(`  ${((performance.now() - startedAt) / 1000).toFixed(1)} s ${message}`),
      keepLedger(ledger, more) {
        if (ledgers === undefined) return;
        mkdirSync(ledgers, { recursive: true });
        writeLedger(join(ledgers, `${scenario.name}-${String(seed)}.jsonl`), ledger, more);
      },
    };
  };

  return {
    async run(scenario) {
      const startedAt = performance.now();
      const outcome = (rest: Omit<ScenarioOutcome, 'scenario' | 'seconds'>): ScenarioOutcome => ({
        scenario: scenario.name,
        seconds: Math.round((performance.now() - startedAt) / 1000),
        ...rest,
      });
      const missing = scenario.missingRequirement?.();
      if (missing !== undefined) return outcome({ skipped: missing });
      scenarioCleanup = createCleanup();
      try {
        return outcome({ verdict: await scenario.run(createContext(scenario)) });
      } catch (error) {
        return outcome({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      } finally {
        await scenarioCleanup.run();
      }
    },
    async stop() {
      await scenarioCleanup.run();
      await runCleanup.run();
    },
  };
}
