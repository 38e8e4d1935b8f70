import type { Cleanup } from './cleanup.js';
import type { Ledger } from './ledger.js';
import type { JobOutcome } from './judge.js';
import type { Sabotage } from './preload/sabotage.js';
import type { Random } from './random.js';
import type { Breakable, BreakableRedis } from './servers.js';

/** What a scenario is given to play on. */
export interface Stage {
  /** Makes the scenario's choices: they follow from the seed and the scenario's name. */
  random: Random;
  /** The short form is for every change, the long one for every release. */
  isShort: boolean;
  /** How long the faults last, in seconds: what was asked for, or the scenario's own. */
  seconds: (initial: number) => number;
  cleanup: Cleanup;
  /** A folder of this scenario. */
  folder: string;
  /** What is broken on purpose in every process. */
  sabotage?: Sabotage | undefined;
  /** How long to wait for what is pending, in milliseconds, if not as long as usual. */
  drainMs?: number | undefined;
  /** The URL of a PostgreSQL that nobody may break. */
  sharedPostgres: () => Promise<string>;
  startPostgres: (options?: { folder?: string; settings?: Record<string, string> }) => Promise<Breakable>;
  startRedis: () => Promise<BreakableRedis>;
  /** Says what happens, for those who asked to see it. */
  note: (what: string) => void;
  /** Keeps the ledger, for those who asked for it. */
  keep: (ledger: Ledger) => void;
}

export interface Scenario {
  name: string;
  /** What is done to the system, in one line. */
  describe: string;
  /** Part of the short selection that every change has to pass. */
  isSelected?: boolean;
  /** What the machine lacks for it; undefined: nothing. */
  lacks?: () => string | undefined;
  run: (stage: Stage) => Promise<JobOutcome>;
}
