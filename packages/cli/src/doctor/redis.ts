import type { RedisClient } from '@tidings/queue';
import { findingFactory, type Finding } from './finding.js';

type Node = Pick<Exclude<RedisClient, { nodes: unknown }>, 'info' | 'config'>;

const memory = findingFactory('Redis memory');
const persistence = findingFactory('Redis disk');

/** Returns the servers that store keys: all masters of a cluster, or the single server. */
export function masterNodes(redis: RedisClient): Node[] {
  return 'nodes' in redis ? redis.nodes('master') : [redis];
}

/** Checks that no server evicts keys when its memory is full. */
export async function checkEviction(nodes: readonly Node[]): Promise<Finding> {
  const policies = await Promise.all(nodes.map(async (node) => (await infoOf(node, 'memory')).get('maxmemory_policy')));
  const policy = policies.find((name) => name !== 'noeviction') ?? policies[0];
  if (policy === 'noeviction') return memory.ok('maxmemory-policy is noeviction');
  if (policy === undefined) {
    return memory.warning('this Redis does not report its maxmemory-policy', 'Make sure that it is noeviction.');
  }
  const advice =
    'Set "maxmemory-policy noeviction", which BullMQ needs. With other policies Redis deletes jobs when its memory is full.';
  return memory.wrong(`maxmemory-policy is ${policy}`, advice);
}

/** Checks that each server writes to disk: events that services enqueued exist only in Redis until a worker commits them. */
export async function checkPersistence(nodes: readonly Node[]): Promise<Finding> {
  const findings = await Promise.all(nodes.map(persistenceOf));
  const worst = findings.find(({ level }) => level === 'wrong') ?? findings.find(({ level }) => level === 'warning');
  return worst ?? (findings[0] as Finding);
}

async function persistenceOf(node: Node): Promise<Finding> {
  const info = await infoOf(node, 'persistence');
  if (info.get('aof_enabled') === '1') {
    const status = info.get('aof_last_write_status') ?? 'ok';
    if (status === 'ok') return persistence.ok('the append-only file is on');
    return persistence.wrong(`the append-only file cannot be written: ${status}`, 'Check the log of Redis and its disk.');
  }
  const hasSnapshots = await makesSnapshots(node);
  const advice = 'Set "appendonly yes": events that services enqueue exist only in Redis until a worker commits them.';
  if (hasSnapshots === false) {
    return persistence.wrong('nothing is written to disk: neither append-only file nor snapshots', advice);
  }
  if ((info.get('rdb_last_bgsave_status') ?? 'ok') !== 'ok') {
    return persistence.wrong('the last snapshot could not be written', 'Check the log of Redis and its disk.');
  }
  const message =
    hasSnapshots === null
      ? 'the append-only file is off, and this Redis does not report whether it makes snapshots'
      : 'only snapshots are written to disk';
  return persistence.warning(message, advice);
}

/** Returns whether the server makes snapshots by itself; null when it refuses CONFIG, as many hosted servers do. */
async function makesSnapshots(node: Node): Promise<boolean | null> {
  const answer = await node.config('GET', 'save').catch(() => null);
  if (answer === null) return null;
  // A list of name and value, or an object or map of them, depending on the version of the protocol.
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
