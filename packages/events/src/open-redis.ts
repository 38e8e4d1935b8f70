import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';

/** A connection to one Redis server, or to a Redis Cluster. */
export type RedisClient = Redis | Cluster;

const SERVER = /^rediss?:$/;
const EXAMPLE = 'redis://host:6379, or nodes of one Redis Cluster, separated by commas: redis://a:6379,redis://b:6379';

/**
 * Parses a `REDIS_URL`: one server, or some nodes of a Redis Cluster, separated by commas; the cluster knows the other nodes.
 * Throws when it is neither. The error does not repeat the text, since it may have a password.
 */
export function parseRedisUrl(text: string): URL[] {
  const urls = text.split(',').map((part) => (URL.canParse(part.trim()) ? new URL(part.trim()) : undefined));
  if (!urls.every((url) => url !== undefined && SERVER.test(url.protocol))) throw new Error(`it must be ${EXAMPLE}`);
  const nodes = urls as URL[];
  if (nodes.length === 1) return nodes;
  if (nodes.some(({ pathname, search }) => !['', '/', '/0'].includes(pathname) || search !== '')) {
    throw new Error('a Redis Cluster has only one database, 0, and its URLs take no options');
  }
  if (new Set(nodes.map(({ protocol, username, password }) => [protocol, username, password].join(' '))).size > 1) {
    throw new Error('the nodes of a Redis Cluster must have the same protocol, user and password');
  }
  return nodes;
}

interface OpenOptions {
  /** Options of each connection to a server, or to a node of a cluster. */
  server: Omit<RedisOptions, 'replyMapping'>;
  /** Options of the cluster client. */
  cluster: Omit<ClusterOptions, 'redisOptions'>;
}

/** A server that became a replica answers so: to a write, to a script that writes, and to a command that blocks. */
const WAS_DEMOTED = /READONLY|UNBLOCKED/;
/** How long a connection is kept at least that leads to a replica, in milliseconds, while the new master is not reached yet. */
const DEMOTED_MS = 1000;

/**
 * Creates ioredis' `reconnectOnError`: after a failover a connection that stayed open leads to a replica, and only a new one
 * reaches the new master. A command that may wait is sent again there; others fail, as they do while Redis is away.
 */
function reconnectAfterFailover(mayWait: boolean): (error: Error) => boolean | 2 {
  let reconnectedAt = -Infinity;
  return (error) => {
    if (!WAS_DEMOTED.test(error.message)) return false;
    const isFirst = performance.now() - reconnectedAt > DEMOTED_MS;
    if (isFirst) reconnectedAt = performance.now();
    return isFirst && mayWait ? 2 : true;
  };
}

/**
 * Connects to the server or the cluster of a `REDIS_URL`. Throws like {@link parseRedisUrl}. A connection to a server that
 * became a replica is replaced; a cluster's client follows its nodes by itself.
 */
export function openRedis(text: string, { server, cluster }: OpenOptions): RedisClient {
  const [first, ...others] = parseRedisUrl(text) as [URL, ...URL[]];
  if (others.length === 0) {
    const reconnectOnError = reconnectAfterFailover(server.enableOfflineQueue ?? true);
    return new Redis(text.trim(), { reconnectOnError, ...server });
  }
  const nodes = [first, ...others].map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
  }));
  return new Cluster(nodes, {
    // Passes host names on: they are looked up for each connection, and certificates are checked against them.
    dnsLookup: (host, callback) => {
      callback(null, host);
    },
    ...cluster,
    // These options are also for the nodes that the cluster itself names.
    redisOptions: {
      ...server,
      ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }),
      ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }),
      ...(first.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}
