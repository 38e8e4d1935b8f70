import type { Redis } from 'ioredis';
import type { RedisClient } from '@tidings/events';

/** The server that a connection leads to, as far as it says so. */
export interface RedisServer {
  /** `Redis` or `Valkey`. */
  software: string;
  /** The version of the software, such as `8.1.0`. */
  version: string | undefined;
  /** Its `maxmemory-policy`. */
  evictionPolicy: string | undefined;
}

/** Returns the servers that store keys: all masters of a cluster, or the single server. */
export function masterNodes(redis: RedisClient): Redis[] {
  return 'nodes' in redis ? redis.nodes('master') : [redis];
}

/** Reads a section of INFO, or all sections, as its fields by name. Rejects while Redis is away or the right to INFO is missing. */
export async function readInfo(node: Pick<Redis, 'info'>, section = 'default'): Promise<Map<string, string>> {
  const lines = (await node.info(section)).split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^([^#:]+):(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** The oldest Redis that has every command that Tidings and BullMQ use. Valkey began with 7.2. */
const OLDEST = [6, 2];

/** Reads which server a node is. Rejects like {@link readInfo}. */
export async function readRedisServer(node: Pick<Redis, 'info'>): Promise<RedisServer> {
  const info = await readInfo(node);
  const valkey = info.get('valkey_version');
  return {
    software: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? info.get('redis_version'),
    evictionPolicy: info.get('maxmemory_policy'),
  };
}

/** Returns whether Tidings supports the version. A version that is not known counts as supported. */
export function isSupportedServer({ software, version }: RedisServer): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  return software !== 'Redis' || version === undefined || major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * Reports settings of Redis that lose jobs, each once, at each new connection: after a failover it is another server. What cannot be
 * read is not reported, since `/readyz` says which right is missing.
 */
export function reportWeaknesses(redis: RedisClient, report: (weakness: string, details: object) => void): void {
  const reported = new Set<string>();
  const once = (weakness: string, details: object): void => {
    const key = JSON.stringify([weakness, details]);
    if (!reported.has(key)) report(weakness, details);
    reported.add(key);
  };
  const look = async (): Promise<void> => {
    for (const server of await Promise.all(masterNodes(redis).map(readRedisServer))) {
      const { software, version, evictionPolicy } = server;
      if (evictionPolicy !== undefined && evictionPolicy !== 'noeviction') {
        once('Redis evicts jobs when its memory is full: set maxmemory-policy to noeviction.', {
          maxmemory_policy: evictionPolicy,
        });
      }
      if (!isSupportedServer(server))
        once('This version of Redis is too old: use Redis 6.2 or newer, or Valkey.', { software, version });
    }
  };
  redis.on('ready', () => void look().catch(() => undefined));
}
