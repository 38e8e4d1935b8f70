import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { eventually } from '@tidings/testing';
import { temporaryFolder } from './folder.js';
import { startRedisCluster, type LocalRedisCluster } from './redis-cluster.js';

let temporary: ReturnType<typeof temporaryFolder>;
let cluster: LocalRedisCluster;
beforeAll(async () => {
  temporary = temporaryFolder();
  cluster = await startRedisCluster({ folder: temporary.folder });
});
afterAll(async () => {
  await cluster.stop();
  temporary.remove();
});

test('has a master for each key; when it fails, its replica takes over with its data', async () => {
  const urls = cluster.url.split(',');
  const masters = await Promise.all(['a', 'b', 'c'].map((key) => cluster.masterOf(key)));
  // The keys have the slots 15495, 3300 and 7365: one in each third.
  expect(masters.map(({ url }) => url).toSorted()).toEqual(urls.toSorted());

  const [master] = masters as [(typeof masters)[0], ...typeof masters];
  const before = new Redis(master.url);
  await before.set('a', 'kept');
  // Without a limit: until the replica has it.
  expect(await before.wait(1, 0)).toBe(1);
  before.disconnect();
  await master.stop('SIGKILL');

  const next = await eventually(async () => {
    const found = await cluster.masterOf('a');
    const after = new Redis(found.url);
    const kept = await after.get('a').finally(() => {
      after.disconnect();
    });
    expect(kept).toBe('kept');
    return found;
  });
  expect(urls).not.toContain(next.url);
});
