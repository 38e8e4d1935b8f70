import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createTestRedis, eventually } from '@tidings/testing';
import { connectRedis } from './redis.js';
import { watchRedis } from './watch-redis.js';

const { url, drop } = createTestRedis();
const redis = connectRedis(url, 'command', () => undefined);
afterEach(async () => {
  redis.disconnect();
  await drop();
});

test('says that Redis is back also when it was before the first attempt to reconnect', async () => {
  const messages: string[] = [];
  const note = (message: string) => messages.push(message);
  watchRedis(redis, { log: { info: note, warn: note } });
  await once(redis, 'ready');
  expect(messages).toEqual([]);

  redis.disconnect(true);
  await eventually(() => {
    expect(messages).toEqual(['Redis can be reached again.']);
  });
});
