import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { loadOrCreatePassword } from './password.js';
import { freePort } from './port.js';
import { startRedis, type LocalRedis } from './redis.js';

/** A Redis Cluster that this process started. */
export interface LocalRedisCluster {
  /** URLs of the first masters, separated by commas. */
  url: string;
  /** Returns the server that is the master of the key's slot now. */
  masterOf: (key: string) => Promise<LocalRedis>;
  /** Stops all servers that still run. */
  stop: () => Promise<void>;
}

/** With fewer masters, the others have no majority to declare one failed. */
const MASTERS = 3;
const SLOTS = 16_384;
/** A node that does not answer for so long counts as failed, in milliseconds. */
const NODE_TIMEOUT_MS = 5000;
const FORM_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/**
 * Starts a Redis Cluster of three masters with a replica each, and resolves when every node reports that the cluster works.
 * Needs Redis 7 or Valkey.
 *
 * @param folder for the append-only files; it must be empty or missing
 */
export async function startRedisCluster({ folder }: { folder: string }): Promise<LocalRedisCluster> {
  const servers: LocalRedis[] = [];
  const running = new Set<LocalRedis>();
  const connections: Redis[] = [];
  const stop = async (): Promise<void> => {
    for (const connection of connections) connection.disconnect();
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The nodes share one password: clients use the same for each node, and so do the nodes among each other.
    const passwordFile = join(folder, 'password');
    const masterauth = loadOrCreatePassword(passwordFile);
    const busPorts: number[] = [];
    for (let index = 0; index < 2 * MASTERS; index += 1) {
      const busPort = await freePort();
      busPorts.push(busPort);
      const server = await startRedis({
        folder: join(folder, String(index)),
        passwordFile,
        settings: {
          masterauth,
          'cluster-enabled': 'yes',
          'cluster-port': String(busPort),
          'cluster-node-timeout': String(NODE_TIMEOUT_MS),
          'repl-diskless-sync-delay': '0',
        },
      });
      servers.push(server);
      running.add(server);
      void server.ended.then(() => running.delete(server));
    }
    for (const { url } of servers) connections.push(new Redis(url));
    const [first, ...others] = connections as [Redis, ...Redis[]];
    const masters = connections.slice(0, MASTERS);

    for (const [index, master] of masters.entries()) {
      const from = Math.ceil((index * SLOTS) / MASTERS);
      const to = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1;
      await master.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
      // Two nodes with the same epoch would first have to resolve the conflict.
      await master.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const [index, other] of others.entries()) {
      await first.call('CLUSTER', 'MEET', '127.0.0.1', String(other.options.port), String(busPorts[index + 1]));
    }
    await Promise.all(
      connections.map((node) => waitForReply(node, 'CLUSTER INFO', `cluster_known_nodes:${String(2 * MASTERS)}`)),
    );
    for (const [index, master] of masters.entries()) {
      const replica = connections[MASTERS + index] as Redis;
      await replica.call('CLUSTER', 'REPLICATE', String(await master.call('CLUSTER', 'MYID')));
    }
    await Promise.all([
      ...connections.map((node) => waitForReply(node, 'CLUSTER INFO', 'cluster_state:ok')),
      ...masters.map((master) => waitForReply(master, 'INFO replication', 'state=online')),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const connection of connections.splice(0)) connection.disconnect();

  return {
    url: servers
      .slice(0, MASTERS)
      .map(({ url }) => url)
      .join(','),
    masterOf: (key) => masterOf(key, [...running]),
    stop,
  };
}

async function waitForReply(node: Redis, command: string, wanted: string): Promise<void> {
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  const end = performance.now() + FORM_TIMEOUT_MS;
  for (;;) {
    const answer = String(await node.call(name, ...args));
    if (answer.includes(wanted)) return;
    if (performance.now() > end)
      throw new Error(`A node of the cluster did not report "${wanted}" within ${String(FORM_TIMEOUT_MS)} ms: ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Asks each node for the key: only the master of its slot answers a read, all others redirect. */
async function masterOf(key: string, running: readonly LocalRedis[]): Promise<LocalRedis> {
  for (const server of running) {
    const node = new Redis(server.url, { retryStrategy: () => null });
    node.on('error', () => undefined);
    const answered = await node.exists(key).then(
      () => true,
      () => false,
    );
    node.disconnect();
    if (answered) return server;
  }
  throw new Error(`No node of the cluster has the key ${key}.`);
}
