import { Redis } from 'ioredis';

/** Gives Redis one command, on a connection of its own. */
export async function commandRedis(url: string, command: string, ...args: string[]): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, commandTimeout: 5000 });
  redis.on('error', () => undefined);
  try {
    await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}
