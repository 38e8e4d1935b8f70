import {
  createJobCounts,
  findMissingRights,
  isSupportedServer,
  masterNodes,
  problemOf,
  readInfo,
  readRedisServer,
  RedisError,
  type RedisClient,
} from '@tidings/queue';
import { EVENTS_QUEUE } from '@tidings/events';
import { reasonOf } from '../failure.js';
import { findingFactory, type Finding } from './finding.js';

type Node = ReturnType<typeof masterNodes>[number];

const server = findingFactory('Redis');
const rights = findingFactory('Redis rights');
const memory = findingFactory('Redis memory');
const persistence = findingFactory('Redis disk');

/**
 * Checks that Redis takes writes, and that its user has each right that Tidings needs: every command is tried once, on keys that are
 * deleted again.
 *
 * @param subscriber another connection, which subscribes to a channel
 */
export async function checkWrites(redis: RedisClient, subscriber: RedisClient, prefix: string): Promise<Finding[]> {
  const nodes = masterNodes(redis);
  const servers = await Promise.all(nodes.map(readRedisServer)).catch(() => []);
  const [first] = servers;
  const where = nodes.length > 1 ? `a cluster of ${String(nodes.length)} masters` : 'it';
  const what = first?.version === undefined ? where : `${where} (${first.software} ${first.version})`;
  const old = servers.find((one) => !isSupportedServer(one));
  const missing = await findMissingRights(redis, prefix).catch((error: unknown) => error as RedisError);
  if (missing instanceof Error)
    return [server.wrong(`Redis cannot be used: ${missing.message}`, problemOf(missing.cause).advice)];

  const answers =
    old === undefined
      ? server.ok(`${what} answers, and takes writes`)
      : server.wrong(`${old.software} ${String(old.version)} is too old`, 'Use Redis 6.2 or newer, or Valkey.');
  const refusal = await subscriber.subscribe(`${prefix}:check`).then(
    () => undefined,
    (error: unknown) => error,
  );
  const commands = [...(missing?.commands ?? []), ...(refusal === undefined ? [] : ['SUBSCRIBE'])];
  if (commands.length === 0) return [answers, rights.ok('the user has every right that Tidings needs')];
  const reason = reasonOf(missing?.reason ?? refusal);
  return [answers, rights.wrong(`the user may not run ${commands.join(', ')}: ${reason}`, RIGHTS_ADVICE)];
}

const RIGHTS_ADVICE =
  'Give the user of REDIS_URL the rights of docs/deploying.md, on the keys and channels that begin with REDIS_PREFIX.';

/** Checks that no server evicts keys when its memory is full. */
export async function checkEviction(nodes: readonly Node[]): Promise<Finding> {
  const policies = await Promise.all(
    nodes.map(async (node) => (await readInfo(node, 'memory').catch(() => null))?.get('maxmemory_policy')),
  );
  const policy = policies.find((name) => name !== 'noeviction') ?? policies[0];
  if (policy === 'noeviction') return memory.ok('maxmemory-policy is noeviction');
  if (policy === undefined) {
    return memory.warning('this Redis does not report its maxmemory-policy', 'Make sure that it is noeviction.');
  }
  const advice =
    'Set "maxmemory-policy noeviction", which BullMQ needs. With other policies Redis deletes jobs when its memory is full.';
  return memory.wrong(`maxmemory-policy is ${policy}`, advice);
}

/**
 * Checks that each server writes to disk: events that services enqueued exist only in Redis until a worker commits them.
 *
 * @param enqueued how many such events there are now; null: they could not be counted
 */
export async function checkPersistence(nodes: readonly Node[], enqueued: number | null): Promise<Finding> {
  const findings = await Promise.all(nodes.map(persistenceOf));
  const worst = findings.find(({ level }) => level === 'wrong') ?? findings.find(({ level }) => level === 'warning');
  if (worst === undefined) return findings[0] as Finding;
  if (enqueued === null) return worst;
  return { ...worst, message: `${worst.message}; ${lossOf(enqueued)} if Redis crashed now` };
}

function lossOf(enqueued: number): string {
  if (enqueued === 0) return 'no event of a service waits in Redis, so none would be lost';
  return enqueued === 1
    ? '1 event of a service waits in Redis, and would be lost'
    : `${String(enqueued)} events of services wait in Redis, and would be lost`;
}

/** Counts the events that services enqueued and that no worker has committed, dead letters included; null while they cannot be read. */
export async function countEnqueued(redis: RedisClient, prefix: string): Promise<number | null> {
  const jobCounts = createJobCounts({ redis, prefix });
  try {
    const { counts } = (await jobCounts.read()).find(({ queue }) => queue === EVENTS_QUEUE) ?? {};
    return counts === undefined ? null : Object.values(counts).reduce((sum, count) => sum + count, 0);
  } catch {
    return null;
  } finally {
    await jobCounts.close();
  }
}

async function persistenceOf(node: Node): Promise<Finding> {
  const info = await readInfo(node, 'persistence').catch(() => null);
  if (info === null)
    return persistence.skipped('the user may not run INFO, so it is not known what is written to disk', RIGHTS_ADVICE);
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
