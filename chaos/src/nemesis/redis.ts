import { Redis } from 'ioredis';

/** Sends one command to Redis, on a new connection. */
export async function sendRedisCommand(url: string, command: string, ...args: string[]): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, commandTimeout: 5000 });
  redis.on('error', () => undefined);
  try {
    await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}

const FAILOVER_MS = 20_000;
const POLL_MS = 20;

/** Makes the replica of a server the master, and the server its replica, when it has a replica that is up to date. */
export async function failOverRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  const until = async (isDone: () => Promise<boolean>): Promise<void> => {
    const end = performance.now() + FAILOVER_MS;
    while (!(await isDone().catch(() => false))) {
      if (performance.now() > end) throw new Error(`Redis did not fail over within ${String(FAILOVER_MS)} ms.`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  try {
    await until(async () => (await redis.info('replication')).includes('state=online'));
    await until(async () => (await redis.call('FAILOVER')) === 'OK');
    await until(async () => (await redis.info('replication')).includes('role:slave'));
  } finally {
    redis.disconnect();
  }
}
