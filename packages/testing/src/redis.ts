import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { serviceUrl } from './service-url.js';

/** A key prefix in the shared Redis that only one test file uses. */
export interface TestRedis {
  url: string;
  /** Prefix of every key and channel of this test file. */
  prefix: string;
  client: Redis;
  /** Deletes the keys under the prefix and disconnects. */
  drop: () => Promise<void>;
}

/** Connects to the shared Redis, with a random key prefix for one test file. */
export function createTestRedis(): TestRedis {
  const url = serviceUrl('TEST_REDIS_URL');
  const prefix = `{test-${randomBytes(6).toString('hex')}}`;
  const client = new Redis(url, { maxRetriesPerRequest: null });
  return {
    url,
    prefix,
    client,
    async drop() {
      const keys = await client.keys(`${prefix.replace(/[{}]/g, '\\$&')}*`);
      if (keys.length > 0) await client.del(...keys);
      client.disconnect();
    },
  };
}
