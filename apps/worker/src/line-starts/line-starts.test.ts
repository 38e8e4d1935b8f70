import { expect, test } from '@jest/globals';
import { createLineStarts } from './line-starts.js';

const countTimes = (lineStarts: ReturnType<typeof createLineStarts>, webhookId: string, times: number) => {
  for (let time = 0; time < times; time += 1) lineStarts.count(webhookId);
};

test('advances the line starts of webhooks with twenty recorded attempts since the last time, and of no others', async () => {
  const advanced: string[][] = [];
  const lineStarts = createLineStarts((webhookIds) => Promise.resolve(void advanced.push(webhookIds)));
  await lineStarts.advance();
  countTimes(lineStarts, 'busy', 25);
  countTimes(lineStarts, 'calm', 19);
  await lineStarts.advance();
  await lineStarts.advance();
  countTimes(lineStarts, 'busy', 19);
  await lineStarts.advance();
  countTimes(lineStarts, 'calm', 1);
  await lineStarts.advance();
  expect(advanced).toEqual([['busy'], ['calm']]);
});

test('advances thousands of webhooks in several statements', async () => {
  const sizes: number[] = [];
  const lineStarts = createLineStarts((webhookIds) => Promise.resolve(void sizes.push(webhookIds.length)));
  for (let number = 0; number < 2500; number += 1) countTimes(lineStarts, `wh_${String(number)}`, 20);
  await lineStarts.advance();
  expect(sizes).toEqual([1000, 1000, 500]);
});

test('a webhook stays due while the database is away', async () => {
  let isAway = true;
  const advanced: string[] = [];
  const lineStarts = createLineStarts((webhookIds) => {
    if (isAway) return Promise.reject(new Error('away'));
    advanced.push(...webhookIds);
    return Promise.resolve();
  });
  countTimes(lineStarts, 'busy', 20);
  await expect(lineStarts.advance()).rejects.toThrow('away');
  isAway = false;
  await lineStarts.advance();
  expect(advanced).toEqual(['busy']);
});
