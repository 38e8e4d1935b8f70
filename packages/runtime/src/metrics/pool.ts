import { Gauge, type Registry } from 'prom-client';

/** The counts of a pool of the package pg. */
interface Pool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
  options: { max: number };
}

/** Registers the gauges of the pools of database connections, by their names. They are read when the metrics are. */
export function measurePools(registry: Registry, pools: Readonly<Record<string, Pool>>): void {
  const registers = [registry];
  const named = Object.entries(pools);
  new Gauge({
    name: 'tidings_database_pool_connections',
    help: 'Open connections to PostgreSQL, idle or busy.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount }] of named) {
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
      }
    },
  });
  const max = new Gauge({
    name: 'tidings_database_pool_max_connections',
    help: 'The maximum number of connections: the share of DATABASE_POOL.',
    labelNames: ['pool'],
    registers,
  });
  for (const [pool, { options }] of named) max.set({ pool }, options.max);
  new Gauge({
    name: 'tidings_database_pool_waiting',
    help: 'Statements that wait for a connection.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const [pool, { waitingCount }] of named) this.set({ pool }, waitingCount);
    },
  });
}
