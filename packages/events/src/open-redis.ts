import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { parseRedisUrl, type RedisAddress } from './redis-url.js';

/** A connection to one Redis server, or to a Redis Cluster. */
export type RedisClient = Redis | Cluster;

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
 * Connects to the server, the cluster or the Sentinels' master of a `REDIS_URL`. Throws like {@link parseRedisUrl}. A connection
 * to a server that became a replica is replaced; a cluster's client follows its nodes by itself.
 */
export function openRedis(text: string, { server, cluster }: OpenOptions): RedisClient {
  const client = open(parseRedisUrl(text), { server, cluster });
  client.once('ready', () => wasReady.add(client));
  return reportNothingUnheard(client);
}

function open(address: RedisAddress, { server, cluster }: OpenOptions): RedisClient {
  const options = { reconnectOnError: reconnectAfterFailover(server.enableOfflineQueue ?? true), ...server };
  switch (address.kind) {
    case 'server':
      return new Redis(address.url, options);
    case 'sentinel':
      return new Redis({ ...SENTINEL_OPTIONS, ...options, ...sentinelOptions(address) });
    case 'cluster':
      return new Cluster(address.nodes, {
        // Passes host names on: they are looked up for each connection, and certificates are checked against them.
        dnsLookup: (host, callback) => {
          callback(null, host);
        },
        ...cluster,
        // These options are also for the nodes that the cluster itself names.
        redisOptions: { ...server, ...address.login, ...(address.tls ? { tls: {} } : {}) },
      });
  }
}

/** A Sentinel or a server that does not answer must not hold up the next one for long: deliveries resume within ten seconds. */
const SENTINEL_OPTIONS = {
  connectTimeout: 2000,
  sentinelCommandTimeout: 2000,
  sentinelRetryStrategy: (times: number): number => Math.min(100 * 2 ** times, 2000),
} satisfies RedisOptions;

function sentinelOptions(address: Extract<RedisAddress, { kind: 'sentinel' }>): OpenOptions['server'] {
  const { username, password } = address.sentinelLogin;
  return {
    sentinels: address.sentinels,
    name: address.name,
    db: address.database,
    ...address.login,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(address.tls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
    ...(address.sentinelTls ? { sentinelTLS: {} } : {}),
  };
}

const wasReady = new WeakSet<RedisClient>();

/**
 * Returns whether the connection is being made for the first time. A client of Sentinels is `connecting` also after it lost its
 * connection, for as long as no Sentinel answers.
 */
export function isConnectingFirst(client: RedisClient): boolean {
  return (client.status === 'connecting' || client.status === 'connect') && !wasReady.has(client);
}

/**
 * Lets the copies that BullMQ makes of a client have a listener for errors always: ioredis writes an error that nobody listens to
 * to standard error, past the log. BullMQ reports it, as long as it listens itself.
 */
function reportNothingUnheard<Client extends RedisClient>(client: Client): Client {
  const duplicate = client.duplicate.bind(client) as (...options: unknown[]) => RedisClient;
  client.duplicate = ((...options: unknown[]) => {
    const copy = duplicate(...options);
    copy.on('error', () => undefined);
    return copy;
  }) as Client['duplicate'];
  return client;
}
