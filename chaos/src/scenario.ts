import type { Cleanup } from './cleanup.js';
import type { Ledger, LedgerRecords } from './ledger.js';
import type { Verdict } from './judge.js';
import type { Sabotage } from './preload/sabotage.js';
import type { Random } from './random.js';
import type { BreakableServer, BreakableRedis } from './servers.js';

/** The options and the servers of one run of a scenario. */
export interface ScenarioContext {
  /** Seeded with the run's seed and the scenario's name. */
  random: Random;
  /** The short form runs for every change, the long form before a release. */
  isShort: boolean;
  /** The duration of faults in seconds: the option `--seconds`, or else the scenario's default. */
  seconds: (defaultSeconds: number) => number;
  cleanup: Cleanup;
  /** The folder of the scenario, deleted after the run. */
  folder: string;
  /** The promise that every process breaks on purpose. */
  sabotage?: Sabotage | undefined;
  /** How long to wait for pending deliveries, in place of the default. */
  drainMs?: number | undefined;
  /** Returns the URL of the PostgreSQL that scenarios must not break. */
  sharedPostgres: () => Promise<string>;
  startPostgres: (options?: { folder?: string; settings?: Record<string, string> }) => Promise<BreakableServer>;
  startRedis: () => Promise<BreakableRedis>;
  /** Prints a line, with `--verbose`. */
  log: (message: string) => void;
  /** Writes the ledger to a file, with `--ledgers`. */
  keepLedger: (ledger: Ledger, more?: LedgerRecords) => void;
}

/** A fault, or a series of them, under load. */
export interface Scenario {
  name: string;
  /** The faults, in one line. */
  description: string;
  /** Whether it is in the selection that every change has to pass. */
  isSelected?: boolean;
  /** Returns what this machine lacks for the scenario, or undefined. */
  missingRequirement?: () => string | undefined;
  run: (context: ScenarioContext) => Promise<Verdict>;
}
