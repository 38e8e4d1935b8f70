import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { keepPassword } from './password.js';
import { freePort } from './port.js';
import { startRedis, type LocalRedis } from './redis.js';

export interface LocalRedisCluster {
  /** Of its masters, as they were at first, with commas between. */
  url: string;
  /** The server that has a key's slot now. */
  masterOf: (key: string) => Promise<LocalRedis>;
  /** Stops all servers that still run. */
  stop: () => Promise<void>;
}

/** The fewest of which the others can agree that one has failed. */
const MASTERS = 3;
const SLOTS = 16_384;
/** A node that is silent for so long has failed, in milliseconds. */
const NODE_TIMEOUT_MS = 5000;
const FORMED_WITHIN_MS = 30_000;
const POLL_MS = 20;

/**
 * Starts a Redis Cluster of three masters with a replica each, and resolves when all of it is in working order. It needs
 * Redis 7 or Valkey.
 *
 * @param folder where the append-only files live; a new one
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
    // The nodes share one: clients say the same to each of them, and they to one another.
    const passwordFile = join(folder, 'password');
    const masterauth = keepPassword(passwordFile);
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
      // Two nodes of the same epoch would first have to settle whose slots are whose.
      await master.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const [index, other] of others.entries()) {
      await first.call('CLUSTER', 'MEET', '127.0.0.1', String(other.options.port), String(busPorts[index + 1]));
    }
    await Promise.all(connections.map((node) => until(node, 'CLUSTER INFO', `cluster_known_nodes:${String(2 * MASTERS)}`)));
    for (const [index, master] of masters.entries()) {
      const replica = connections[MASTERS + index] as Redis;
      await replica.call('CLUSTER', 'REPLICATE', String(await master.call('CLUSTER', 'MYID')));
    }
    await Promise.all([
      ...connections.map((node) => until(node, 'CLUSTER INFO', 'cluster_state:ok')),
      ...masters.map((master) => until(master, 'INFO replication', 'state=online')),
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

async function until(node: Redis, command: string, wanted: string): Promise<void> {
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  const end = performance.now() + FORMED_WITHIN_MS;
  for (;;) {
    const answer = String(await node.call(name, ...args));
    if (answer.includes(wanted)) return;
    if (performance.now() > end) throw new Error(`A node of the cluster did not come to "${wanted}": ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** A read that no other node answers. */
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
