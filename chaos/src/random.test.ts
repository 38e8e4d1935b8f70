import { expect, test } from '@jest/globals';
import { createRandom } from './random.js';

test('makes the same choices for the same seed, and others for another', () => {
  const choices = (seed: string): number[] => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => random.integer(1, 1000));
  };
  expect(choices('1 worker-killed')).toEqual(choices('1 worker-killed'));
  expect(choices('1 worker-killed')).not.toEqual(choices('2 worker-killed'));
});

test('picks each item equally often', () => {
  const random = createRandom('even');
  const picks = Array.from({ length: 4000 }, () => random.pick(['a', 'b', 'c', 'd']));
  for (const item of ['a', 'b', 'c', 'd']) {
    const share = picks.filter((pick) => pick === item).length;
    expect(share).toBeGreaterThan(800);
    expect(share).toBeLessThan(1200);
  }
  expect(() => random.pick([])).toThrow('needs at least one item');
});
