import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shareConnections } from './share-connections.js';

const WEIGHTS = { accepting: 3, reading: 4, administration: 3 };

describe('the shares of connections', () => {
  test.each([
    [3, { accepting: 1, reading: 1, administration: 1 }],
    [4, { accepting: 1, reading: 2, administration: 1 }],
    [5, { accepting: 2, reading: 2, administration: 1 }],
    [10, { accepting: 3, reading: 4, administration: 3 }],
    [1000, { accepting: 300, reading: 400, administration: 300 }],
  ])('of %i follow the weights, from one each', (connections, shares) => {
    expect(shareConnections(connections, WEIGHTS)).toEqual(shares);
  });

  test('add up, and none becomes smaller when there are more connections', () => {
    const weights = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.integer({ min: 1, max: 20 }), { minKeys: 1, maxKeys: 6 });
    fc.assert(
      fc.property(weights, fc.nat(300), (weights, more) => {
        const pools = Object.keys(weights);
        const fewer = shareConnections(pools.length + more, weights);
        const shares = shareConnections(pools.length + more + 1, weights);
        expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBe(pools.length + more + 1);
        for (const pool of pools) expect(shares[pool]).toBeGreaterThanOrEqual(Math.max(1, fewer[pool] as number));
      }),
    );
  });

  test('need one connection for each pool', () => {
    expect(() => shareConnections(2, WEIGHTS)).toThrow('2 connections are not enough for 3 pools');
  });
});
