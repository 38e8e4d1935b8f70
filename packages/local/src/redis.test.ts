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

test('keeps its data through a restart, evicts nothing, and refuses clients without the password', async () => {
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
  const withoutPassword = new Redis(Number(port), { enableReadyCheck: false });
  withoutPassword.on('error', () => undefined);
  await expect(withoutPassword.get('kept')).rejects.toThrow('NOAUTH');
  withoutPassword.disconnect();
  await second.stop();
});
