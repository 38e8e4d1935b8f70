import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { temporaryFolder } from './folder.js';
import { startRedis } from './redis.js';

let temporary: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  temporary = temporaryFolder();
});
afterAll(() => {
  temporary.remove();
});

test('what was stored is there after a stop, evicted by nothing, and only who has the password sees it', async () => {
  const folder = join(temporary.folder, 'with a "space"');
  const first = await startRedis({ folder });
  const before = new Redis(first.url);
  await before.set('kept', 'yes');
  before.disconnect();
  await first.stop();

  const second = await startRedis({ folder });
  const after = new Redis(second.url);
  expect(await after.get('kept')).toBe('yes');
  expect(await after.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  after.disconnect();

  const { port } = new URL(second.url);
  const stranger = new Redis(Number(port), { enableReadyCheck: false });
  stranger.on('error', () => undefined);
  await expect(stranger.get('kept')).rejects.toThrow('NOAUTH');
  stranger.disconnect();
  await second.stop();
});
