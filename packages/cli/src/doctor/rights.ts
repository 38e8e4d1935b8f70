import { readPartitionsAhead, readRights, type Database } from '@tidings/database';
import { findingFactory, type Finding } from './finding.js';

const rights = findingFactory('rights');
const partitions = findingFactory('partitions');

const DAY_S = 86_400;
/** Partition maintenance adds partitions for seven days ahead, once a minute. */
const EXPECTED_DAYS = 6;
/** Limits the rights that a message names. */
const MAX_NAMED = 5;

/** Checks that the role has the rights on every table, sequence and function, and that periods of the log can be added and dropped. */
export async function checkRights({ pool }: Pick<Database, 'pool'>): Promise<Finding> {
  const { role, missing, missingForPartitions, grants } = await readRights(pool);
  if (missing.length > 0) {
    return rights.wrong(`the role "${role}" lacks ${some(missing)}`, 'Grant them: deploy/postgresql/roles.sql has all grants.');
  }
  if (missingForPartitions.length > 0) {
    return rights.wrong(
      `the role "${role}" cannot add and drop periods of the log: missing: ${some(missingForPartitions)}`,
      `Otherwise no event is accepted when the present periods end. As the role that owns the tables: ${some(grants, '; ')}`,
    );
  }
  return rights.ok(`the role "${role}" has all rights`);
}

/** Checks that the log has partitions for the next days. */
export async function checkPartitions({ pool }: Pick<Database, 'pool'>): Promise<Finding> {
  const days = (await readPartitionsAhead(pool)) / DAY_S;
  const text = `for the next ${days.toFixed(1)} days`;
  if (days >= EXPECTED_DAYS) return partitions.ok(text);
  const advice = 'An API or a worker adds them once a minute: read its log lines about the task "keep partitions".';
  if (days > 1) return partitions.warning(`only ${text}`, advice);
  return partitions.wrong(days > 0 ? `only ${text}` : 'none for the present time: no event is accepted', advice);
}

function some(names: readonly string[], separator = ', '): string {
  const more = names.length - MAX_NAMED;
  return names.slice(0, MAX_NAMED).join(separator) + (more > 0 ? `, and ${String(more)} more` : '');
}
