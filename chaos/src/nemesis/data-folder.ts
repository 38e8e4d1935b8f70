import { execFileSync } from 'node:child_process';
import { realpathSync, rmSync } from 'node:fs';
import { nowMs } from '../ledger.js';
import { CONCURRENCY, type System } from '../system.js';

/** An earlier copy of PostgreSQL's data. */
export interface DataCopy {
  /** Stops PostgreSQL, puts the copy in the place of its data, and starts it: all later commits are lost. */
  putBack: () => Promise<void>;
  remove: () => void;
}

/** Stops PostgreSQL, copies its data folder, and starts it again. */
export async function copyDataFolder(system: System, folder: string): Promise<DataCopy> {
  const data = realpathSync(folder);
  const copy = `${data}.copy`;
  const replace = (target: string, source: string): void => {
    rmSync(target, { recursive: true, force: true });
    // Keeps the owner: PostgreSQL does not run as root.
    execFileSync('cp', ['-a', source, target]);
  };
  const whileStopped = async (name: string, work: () => void): Promise<void> => {
    const { postgres } = system;
    if (!postgres) throw new Error('`copyDataFolder` needs a PostgreSQL of the scenario: pass `postgres` to startSystem.');
    const fromMs = nowMs();
    await postgres.stop('SIGQUIT');
    work();
    await postgres.start();
    const interrupts = CONCURRENCY * system.processes.workers.length;
    system.ledger.faults.push({ name, fromMs, untilMs: nowMs(), interrupts, perDelivery: 1 });
  };
  await whileStopped("PostgreSQL's data was copied", () => {
    replace(copy, data);
  });
  return {
    putBack: () =>
      whileStopped("PostgreSQL's data was put back", () => {
        replace(data, copy);
      }),
    remove() {
      rmSync(copy, { recursive: true, force: true });
    },
  };
}
