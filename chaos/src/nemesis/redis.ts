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
