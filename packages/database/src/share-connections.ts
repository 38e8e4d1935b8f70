/**
 * Shares the connections of a process between its pools, in proportion to their weights. Each pool gets at least one, and no
 * pool loses one when there are more connections. Throws a `RangeError` when there are fewer connections than pools.
 */
export function shareConnections<Pool extends string>(
  connections: number,
  weights: Readonly<Record<Pool, number>>,
): Record<Pool, number> {
  const pools = Object.keys(weights) as Pool[];
  if (connections < pools.length)
    throw new RangeError(`${String(connections)} connections are not enough for ${String(pools.length)} pools.`);
  const shares = Object.fromEntries(pools.map((pool) => [pool, 1])) as Record<Pool, number>;
  /** The connections for each unit of weight, if the pool had one more. */
  const ratio = (pool: Pool): number => (shares[pool] + 1) / weights[pool];
  for (let given = pools.length; given < connections; given += 1) {
    shares[pools.reduce((least, pool) => (ratio(pool) < ratio(least) ? pool : least))] += 1;
  }
  return shares;
}
