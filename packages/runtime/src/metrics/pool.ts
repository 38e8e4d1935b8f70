import { Gauge, type Registry } from 'prom-client';

/** The counts of a pool of the package pg. */
interface Pool {
  totalCount: number;
  idleCount: number;
  waitingCount: number;
  options: { max: number };
}

/** Registers the gauges of a pool of database connections, which are read when the metrics are. */
export function measurePool(registry: Registry, pool: Pool): void {
  const registers = [registry];
  new Gauge({
    name: 'tidings_database_pool_connections',
    help: 'Open connections to PostgreSQL, idle or busy.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    },
  });
  new Gauge({
    name: 'tidings_database_pool_max_connections',
    help: 'The maximum number of connections (DATABASE_POOL).',
    registers,
  }).set(pool.options.max);
  new Gauge({
    name: 'tidings_database_pool_waiting',
    help: 'Statements that wait for a connection.',
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });
}
