import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { loadOrCreatePassword } from './password.js';
import { freePort } from './port.js';
import { startProcess, type LocalProcess } from './process.js';
import { redisServer, startRedis, type LocalRedis } from './redis.js';

/** A Redis master with a replica, and Sentinels that let the replica take over. This process started them. */
export interface LocalRedisSentinel {
  /** The `REDIS_URL`: the Sentinels, their password, and the name of the master. */
  url: string;
  /** Asks the Sentinels which server is the master now. */
  master: () => Promise<LocalRedis>;
  /** The server that is not the master now. */
  replica: () => Promise<LocalRedis>;
  /** Lets the replica take over, as before maintenance. Resolves when the Sentinels name it as the master. */
  failOver: () => Promise<void>;
  /** Stops all processes that still run. */
  stop: () => Promise<void>;
}

const NAME = 'mymaster';
/** Two of three must agree that the master is away. */
const SENTINELS = 3;
const QUORUM = 2;
/** A master that does not answer for so long is away, in milliseconds. */
const DOWN_AFTER_MS = 1000;
const TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/**
 * Starts a master, a replica and three Sentinels on 127.0.0.1, and resolves when the Sentinels would let the replica take over.
 *
 * @param folder for the data and the Sentinels' files; it must be empty or missing
 */
export async function startRedisSentinel({ folder }: { folder: string }): Promise<LocalRedisSentinel> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(folder, 'password');
  const password = loadOrCreatePassword(passwordFile);
  const sentinelPassword = loadOrCreatePassword(join(folder, 'sentinel-password'));
  const servers: LocalRedis[] = [];
  const sentinels: { process: LocalProcess; client: Redis; port: number }[] = [];
  const stop = async (): Promise<void> => {
    for (const { client } of sentinels) client.disconnect();
    await Promise.all(sentinels.map(({ process }) => process.stop('SIGKILL')));
    await Promise.all(servers.map((server) => server.stop('SIGKILL')));
  };

  try {
    const settings = { masterauth: password, 'repl-diskless-sync-delay': '0' };
    const first = await startRedis({ folder: join(folder, 'one'), passwordFile, settings });
    servers.push(first);
    const replicaof = `127.0.0.1 ${new URL(first.url).port}`;
    servers.push(await startRedis({ folder: join(folder, 'two'), passwordFile, settings: { ...settings, replicaof } }));
    for (let index = 0; index < SENTINELS; index += 1) {
      const port = await freePort();
      // Sentinels write what they learn into their file.
      const file = join(folder, `sentinel-${String(index)}.conf`);
      const lines = [
        `port ${String(port)}`,
        'bind 127.0.0.1',
        `dir ${JSON.stringify(folder)}`,
        `requirepass ${sentinelPassword}`,
        `sentinel sentinel-pass ${sentinelPassword}`,
        `sentinel monitor ${NAME} ${replicaof} ${String(QUORUM)}`,
        `sentinel auth-pass ${NAME} ${password}`,
        `sentinel down-after-milliseconds ${NAME} ${String(DOWN_AFTER_MS)}`,
        `sentinel failover-timeout ${NAME} 5000`,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      const process = startProcess(redisServer(), [file, '--sentinel'], { name: 'redis-sentinel' });
      const client = new Redis(port, '127.0.0.1', { password: sentinelPassword, enableReadyCheck: false });
      client.on('error', () => undefined);
      sentinels.push({ process, client, port });
      await process.waitFor('+monitor master');
    }
    await until(async () => {
      for (const { client } of sentinels) {
        await client.call('SENTINEL', 'CKQUORUM', NAME);
        const replicas = (await client.call('SENTINEL', 'REPLICAS', NAME)) as unknown[];
        const others = (await client.call('SENTINEL', 'SENTINELS', NAME)) as unknown[];
        if (replicas.length === 0 || others.length < SENTINELS - 1) return false;
      }
      return true;
    });
  } catch (error) {
    await stop();
    throw error;
  }

  const ask = async ({ client }: { client: Redis }): Promise<string> =>
    ((await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as string[])[1] ?? '';
  const find = async (isMaster: boolean): Promise<LocalRedis> => {
    const port = await ask(sentinels[0] as (typeof sentinels)[number]);
    const server = servers.find(({ url }) => (new URL(url).port === port) === isMaster);
    if (!server) throw new Error(`No server has the port ${port}, which the Sentinels name.`);
    return server;
  };
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${String(port)}`).join(',');
  return {
    url: `redis+sentinel://:${password}@${hosts}/${NAME}?sentinelPassword=${sentinelPassword}`,
    master: () => find(true),
    replica: () => find(false),
    async failOver() {
      const [{ client }] = sentinels as [(typeof sentinels)[number]];
      const before = await ask({ client });
      // Refused while the last failover is too recent, or the replica not connected.
      await until(async () => (await client.call('SENTINEL', 'FAILOVER', NAME).catch(() => '')) === 'OK');
      await until(async () => (await Promise.all(sentinels.map(ask))).every((port) => port !== before));
    },
    stop,
  };
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    const result = await isDone().catch((error: unknown) => error as Error);
    if (result === true) return;
    if (performance.now() > end)
      throw new Error(`The Sentinels did not agree within ${String(TIMEOUT_MS)} ms: ${String(result)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
