import { readServerSettings, type Database, type ServerSettings } from '@tidings/database';
import { findingFactory, type Finding } from './finding.js';

const durability = findingFactory('durability');
const settings = findingFactory('server settings');

const MIB = 1024 * 1024;
/** The default of DATABASE_POOL. */
const DEFAULT_POOL = 10;

/** A setting that has a price, and the remedy. */
type Fault = [fact: string, remedy: string];

/** Checks the settings of PostgreSQL on which it depends that a committed event survives a crash. */
export async function checkDurability({ pool }: Pick<Database, 'pool'>): Promise<Finding> {
  return durabilityOf(await readServerSettings(pool));
}

/** Checks the settings of PostgreSQL that make Tidings slow or let it fail, and those that its sessions must have. */
export async function checkServerSettings({ pool }: Pick<Database, 'pool'>, databasePool?: string): Promise<Finding> {
  return settingsOf(await readServerSettings(pool), Number(databasePool ?? '') || DEFAULT_POOL);
}

/** The finding about the settings of durability; none of them is Tidings' own to set. */
export function durabilityOf({ fsync, full_page_writes: fullPageWrites, synchronous_commit: commit }: ServerSettings): Finding {
  const faults: Fault[] = [];
  if (fsync === 'off') faults.push(['fsync is off: a crash of the machine can destroy the database', 'Turn it on.']);
  if (fullPageWrites === 'off')
    faults.push([
      'full_page_writes is off: a crash of the machine can destroy pages',
      'Turn it on unless the file system prevents torn pages.',
    ]);
  if (commit === 'off')
    faults.push([
      'synchronous_commit is off: a crash loses the last accepted events, which were answered with 202',
      'Set it to on.',
    ]);
  if (faults.length > 0) return durability.warning(...joined(faults));
  return durability.ok('a commit is on disk before it is answered');
}

/** The finding about the other settings. `databasePool`: connections of each process. */
export function settingsOf(found: ServerSettings, databasePool: number): Finding {
  const wrong: Fault[] = [];
  if (found.server_encoding !== 'UTF8') {
    wrong.push([
      `the encoding of the database is ${found.server_encoding}: events with other characters are refused`,
      "Create the database with ENCODING 'UTF8'.",
    ]);
  }
  if (found.jit === 'on' || found.enable_seqscan === 'on' || found.plan_cache_mode !== 'force_generic_plan') {
    wrong.push([
      `the planner's settings of Tidings do not reach PostgreSQL (jit is ${found.jit}, plan_cache_mode is ${found.plan_cache_mode})`,
      'A pooler between drops them: docs/compatibility.md names the settings for poolers.',
    ]);
  }
  const two = 2 * databasePool;
  if (found.connections < two) {
    wrong.push([
      `the role may have ${String(found.connections)} connections, and one API and one worker use up to ${String(two)}`,
      'Raise max_connections or the limit of the role or database, or lower DATABASE_POOL.',
    ]);
  }
  const slow: Fault[] = [];
  if (found.autovacuum === 'off')
    slow.push(['autovacuum is off: dead rows pile up, and every statement becomes slower within hours', 'Turn it on.']);
  if (found.track_counts === 'off') slow.push(['track_counts is off, so autovacuum does not run', 'Turn it on.']);
  if (found.shared_buffers < 64 * MIB) {
    slow.push([
      `shared_buffers is ${mib(found.shared_buffers)}`,
      "Set it to a quarter of the machine's memory, and at least 128 MB.",
    ]);
  }
  if (found.max_wal_size < 256 * MIB) {
    slow.push([`max_wal_size is ${mib(found.max_wal_size)}: checkpoints follow each other`, 'Set it to 1 GB or more.']);
  }
  if (found.random_page_cost > 4) {
    slow.push([
      `random_page_cost is ${String(found.random_page_cost)}: indexes look dear to the planner`,
      'Set it to 4 or less; 1.1 for SSDs.',
    ]);
  }
  if (wrong.length > 0) return settings.wrong(...joined([...wrong, ...slow]));
  if (slow.length > 0) return settings.warning(...joined(slow));
  return settings.ok('none of the checked settings of PostgreSQL costs');
}

function joined(faults: readonly Fault[]): [message: string, advice: string] {
  return [faults.map(([fact]) => fact).join('; '), faults.map(([, remedy]) => remedy).join(' ')];
}

function mib(bytes: number): string {
  return `${String(Math.round(bytes / MIB))} MB`;
}
