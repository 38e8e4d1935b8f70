import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { serviceUrl } from './service-url.js';

export interface TestRedis {
  url: string;
  /** Before every key and channel of this test file. */
  prefix: string;
  client: Redis;
  /** Deletes the keys under the prefix and disconnects. */
  drop: () => Promise<void>;
}

/** A corner of the shared Redis that is this test file's own. */
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
