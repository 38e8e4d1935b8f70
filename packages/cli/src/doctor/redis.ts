import type { RedisClient } from '@tidings/queue';
import { findingsOf, type Finding } from './finding.js';

type Node = Pick<Exclude<RedisClient, { nodes: unknown }>, 'info' | 'config'>;

const memory = findingsOf('Redis memory');
const persistence = findingsOf('Redis disk');

/** The servers that keep keys: all masters of a cluster, or the one there is. */
export function nodesOf(redis: RedisClient): Node[] {
  return 'nodes' in redis ? redis.nodes('master') : [redis];
}

/** Whether each server keeps every key when its memory is full. */
export async function checkEviction(nodes: readonly Node[]): Promise<Finding> {
  const policies = await Promise.all(nodes.map(async (node) => (await infoOf(node, 'memory')).get('maxmemory_policy')));
  const policy = policies.find((one) => one !== 'noeviction') ?? policies[0];
  if (policy === 'noeviction') return memory.ok('maxmemory-policy is noeviction');
  if (policy === undefined) {
    return memory.warning('this Redis does not tell its maxmemory-policy', 'Make sure that it is noeviction.');
  }
  const advice = 'Set "maxmemory-policy noeviction": BullMQ needs it. Redis would throw jobs away when its memory is full.';
  return memory.wrong(`maxmemory-policy is ${policy}`, advice);
}

/** Whether each server writes to disk what services have enqueued and no worker has committed yet. */
export async function checkPersistence(nodes: readonly Node[]): Promise<Finding> {
  const found = await Promise.all(nodes.map(persistenceOf));
  return found.find(({ level }) => level === 'wrong') ?? found.find(({ level }) => level === 'warning') ?? (found[0] as Finding);
}

async function persistenceOf(node: Node): Promise<Finding> {
  const info = await infoOf(node, 'persistence');
  if (info.get('aof_enabled') === '1') {
    const status = info.get('aof_last_write_status') ?? 'ok';
    if (status === 'ok') return persistence.ok('the append-only file is on');
    return persistence.wrong(`the append-only file cannot be written: ${status}`, "Look at Redis's log, and at its disk.");
  }
  const rdb = await snapshotsOf(node);
  const enqueued = 'What services enqueue with the package lives in Redis alone until a worker commits it: set "appendonly yes".';
  if (rdb === false) return persistence.wrong('nothing is written to disk: neither append-only file nor snapshots', enqueued);
  if ((info.get('rdb_last_bgsave_status') ?? 'ok') !== 'ok') {
    return persistence.wrong('the last snapshot could not be written', "Look at Redis's log, and at its disk.");
  }
  const what =
    rdb === null ? 'the append-only file is off, and whether there are snapshots is not told' : 'there are snapshots only';
  return persistence.warning(what, enqueued);
}

/** Whether it makes snapshots by itself; null where asking is not allowed, as with many that are hosted. */
async function snapshotsOf(node: Node): Promise<boolean | null> {
  const answer = await node.config('GET', 'save').catch(() => null);
  if (answer === null) return null;
  // A list of a name and a value, or the same as an object or a map, as the protocol's version has it.
  const flat = answer instanceof Map ? [...answer.entries()].flat() : Object.values(answer as object);
  const value = flat.at(-1) as unknown;
  return typeof value === 'string' ? value.trim() !== '' : null;
}

async function infoOf(node: Node, section: string): Promise<Map<string, string>> {
  const lines = (await node.info(section)).split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^([^#:]+):(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}
