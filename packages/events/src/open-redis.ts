import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';

/** A connection to one Redis server, or to a Redis Cluster. */
export type RedisClient = Redis | Cluster;

const SERVER = /^rediss?:$/;
const EXAMPLE = 'redis://host:6379, or some nodes of one Redis Cluster with commas between: redis://a:6379,redis://b:6379';

/**
 * What a `REDIS_URL` names: one server, or, with commas between, some nodes of a Redis Cluster, which knows the others.
 * Throws when it names neither; the text is not repeated, since it may hold a password.
 */
export function parseRedisUrl(text: string): URL[] {
  const urls = text.split(',').map((part) => (URL.canParse(part.trim()) ? new URL(part.trim()) : undefined));
  if (!urls.every((url) => url !== undefined && SERVER.test(url.protocol))) throw new Error(`it has to be ${EXAMPLE}`);
  const nodes = urls as URL[];
  if (nodes.length === 1) return nodes;
  if (nodes.some(({ pathname, search }) => !['', '/', '/0'].includes(pathname) || search !== '')) {
    throw new Error('a Redis Cluster has one database, 0, and its nodes take no options');
  }
  if (new Set(nodes.map(({ protocol, username, password }) => [protocol, username, password].join(' '))).size > 1) {
    throw new Error('the nodes of a Redis Cluster have the same protocol, user and password');
  }
  return nodes;
}

interface OpenOptions {
  /** Of the connection to a server, be it the only one or a node. */
  server: Omit<RedisOptions, 'replyMapping'>;
  /** Of a cluster as a whole. */
  cluster: Omit<ClusterOptions, 'redisOptions'>;
}

/** Connects to what a `REDIS_URL` names. */
export function openRedis(text: string, { server, cluster }: OpenOptions): RedisClient {
  const [first, ...others] = parseRedisUrl(text) as [URL, ...URL[]];
  if (others.length === 0) return new Redis(text.trim(), server);
  const nodes = [first, ...others].map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 6379),
  }));
  return new Cluster(nodes, {
    // Names are looked up with each connection, and stay what certificates are checked against.
    dnsLookup: (host, callback) => {
      callback(null, host);
    },
    ...cluster,
    // For the nodes, too, that are in no URL: those that the cluster names.
    redisOptions: {
      ...server,
      ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }),
      ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }),
      ...(first.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}
